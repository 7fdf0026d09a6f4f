package folder

import (
	"context"
	"fmt"
	"io"
	"os"
	"syscall"
	"time"
)

// ReadFile reads a file of at most most bytes. The file may be a pipe: without a writer it
// is empty, and the end of ctx ends the wait for a silent one, with ctx's error.
func ReadFile(ctx context.Context, name string, most int64) ([]byte, error) {
	// Opening a pipe without a writer would wait, and ignore signals.
	f, err := os.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	defer context.AfterFunc(ctx, func() { _ = f.SetReadDeadline(time.Now()) })()
	tooLong := &TooLongError{most}
	if info, err := f.Stat(); err == nil && info.Size() > most {
		return nil, tooLong
	}
	text, err := io.ReadAll(io.LimitReader(f, most+1)) // a pipe has no size
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case err != nil:
		return nil, err
	case int64(len(text)) > most:
		return nil, tooLong
	}
	return text, nil
}

// TooLongError is the error for a file of more than so many bytes.
type TooLongError struct{ Most int64 }

func (e *TooLongError) Error() string { return fmt.Sprintf("it has more than %d MiB", e.Most>>20) }
