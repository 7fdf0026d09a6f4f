//go:build race

package session_test

// raceDetector: under the detector a sync.Pool forgets a quarter of what it is
// given, at random, so that buffers have to be allocated anew.
const raceDetector = true
