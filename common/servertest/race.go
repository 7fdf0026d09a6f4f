//go:build race

package servertest

// raceDetector: under the detector a sync.Pool drops a quarter of its buffers,
// at random, so that new ones are allocated.
const raceDetector = true
