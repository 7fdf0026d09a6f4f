//go:build race

package session_test

// raceDetector: with the race detector, a sync.Pool drops a random quarter of
// its items, so buffers are allocated again.
const raceDetector = true
