package proc

import (
	"context"
	"time"
)

// Sleep waits for so long, or until ctx is over.
func Sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
