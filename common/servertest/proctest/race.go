//go:build race

package proctest

// raceDetector: the detector keeps a record of memory that is several times as
// large as the memory.
const raceDetector = true
