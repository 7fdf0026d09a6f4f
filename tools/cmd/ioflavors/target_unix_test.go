//go:build unix

package main

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// Once the command waited for ever, whatever signal came.
func TestAPipeThatNobodyReadsIsNoTarget(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "pipe")
	require.NoError(t, unix.Mkfifo(pipe, 0o600))
	opened := make(chan error, 1)
	go func() {
		_, err := openTarget(pipe)
		opened <- err
	}()
	select {
	case err := <-opened:
		assert.ErrorIs(t, err, unix.ENXIO)
	case <-time.After(30 * time.Second):
		t.Fatal("it waits for a reader")
	}
}
