package generator

import (
	"context"
	"fmt"
	"time"
)

// TooLateError says that the connections were open too late for Config.WindowAt.
type TooLateError struct {
	// By is how much later than WindowAt less Warmup they were open.
	By time.Duration
}

// Error implements error.
func (e *TooLateError) Error() string {
	return fmt.Sprintf("the connections were open %v too late for the window to begin in time", e.By)
}

// lookAgain is the longest wait between two looks at the wall clock, which may be set
// meanwhile.
const lookAgain = time.Second

// waitToBegin waits until the load has to begin, if WindowAt says when.
func (g *generator) waitToBegin(ctx context.Context) error {
	if g.cfg.WindowAt.IsZero() {
		return nil
	}
	begin := g.cfg.WindowAt.Add(-g.cfg.Warmup)
	if late := time.Since(begin); late > 0 {
		return &TooLateError{late}
	}
	for wait := time.Until(begin); wait > 0; wait = time.Until(begin) {
		select {
		case <-time.After(min(wait, lookAgain)):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// warmup returns how long the load runs before the window, if it begins now.
func (g *generator) warmup() time.Duration {
	if g.cfg.WindowAt.IsZero() {
		return g.cfg.Warmup
	}
	return max(0, g.cfg.WindowAt.Sub(g.clock)) // waitToBegin may have overslept
}
