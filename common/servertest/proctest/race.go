//go:build race

package proctest

// raceDetector: the detector's record of memory is several times as large as
// the memory.
const raceDetector = true
