package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/ioflavors/ioflavors/common/session"
)

// This file writes all log lines about clients, each through a throttle of its own.
// Models have no log: they report events to the Core.

// endings are the log lines for each reason to end a connection. Common ends are for
// debugging, a client's faults are information, and a shortage of this server is a
// warning.
var endings = [reasons]struct {
	level slog.Level
	line  string
}{
	ClosedByPeer:     {slog.LevelDebug, "client left"},
	ClosedDone:       {slog.LevelDebug, "client was served to its last request"},
	ClosedTruncated:  {slog.LevelDebug, "client left inside a frame"},
	ClosedBroken:     {slog.LevelDebug, "connection broke"},
	ClosedFailed:     {slog.LevelWarn, "a system call failed; its client is dropped"},
	ClosedProtocol:   {slog.LevelInfo, "client broke the protocol; it is closed"},
	ClosedTooLong:    {slog.LevelInfo, "client sent a request over the limit, or bytes that are none; it is closed"},
	ClosedIdle:       {slog.LevelDebug, "idle client is closed"},
	ClosedSlowFrame:  {slog.LevelInfo, "client took too long for a frame; it is closed"},
	ClosedSlowReader: {slog.LevelInfo, "client takes none of its replies; it is closed"},
	ClosedMemory:     {slog.LevelWarn, "memory limit reached; clients that hold much and make the least progress are closed"},
	ClosedTurn:       {slog.LevelDebug, "client has had its turn; it gives way to one that waits"},
	ClosedRefused:    {slog.LevelWarn, "clients are refused"},
	ClosedPanic:      {slog.LevelError, "handler panicked; its connection is closed"},
	ClosedShutdown:   {slog.LevelDebug, "client is served to the end"},
	ClosedKilled:     {slog.LevelInfo, "client is closed with the server"},
}

// notice logs that a connection ends.
func (core *Core) notice(r Reason, err error) {
	ending := &endings[r]
	if !core.log.Enabled(context.Background(), ending.level) {
		return
	}
	suppressed, ok := core.endLogs[r].Allow()
	if !ok {
		return
	}
	about := []any{"reason", r.String(), "connections", core.active.Load(), "suppressed", suppressed}
	var panicked *session.PanicError
	switch {
	case errors.As(err, &panicked):
		// Text now, because another goroutine writes the log.
		about = append(about, "panic", fmt.Sprint(panicked.Value), "stack", string(panicked.Stack))
	case err != nil:
		about = append(about, "error", err)
	}
	if r == ClosedMemory {
		about = append(about, "limit", core.Limits.MemoryLimit)
	}
	core.log.Log(context.Background(), ending.level, ending.line, about...)
}

// AcceptFailed notes that an accept failed and the model pauses accepting.
func (core *Core) AcceptFailed(err error, pause time.Duration) {
	n := core.acceptErrors.Add(1)
	if suppressed, ok := core.acceptLog.Allow(); ok {
		core.log.Warn("accept failed; trying again", "error", err, "pause", pause, "failures", n, "connections", core.active.Load(), "suppressed", suppressed)
	}
}

// WaitFailed notes that a model's wait for all its clients failed, and that the model
// pauses. Meanwhile it serves no client.
func (core *Core) WaitFailed(err error, pause time.Duration) {
	if suppressed, ok := core.waitLog.Allow(); ok {
		core.log.Warn("waiting failed; trying again", "error", err, "pause", pause, "connections", core.active.Load(), "suppressed", suppressed)
	}
}

// ServedOtherwise notes that a client is not served as the model's options say, and
// why.
func (core *Core) ServedOtherwise(how string, err error) {
	if suppressed, ok := core.otherwiseLog.Allow(); ok {
		core.log.Warn("client is served "+how, "error", err, "connections", core.active.Load(), "suppressed", suppressed)
	}
}
