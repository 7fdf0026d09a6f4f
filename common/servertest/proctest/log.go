package proctest

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/common/conformance/probe"
)

// logPipe is a pipe that takes a process's log, and a reader that may stop
// reading, or go.
type logPipe struct {
	t    *testing.T
	name string
	r    *os.File
	to   io.Writer
	read chan struct{} // closed when the reader has stopped
}

func newLogPipe(t *testing.T) *logPipe {
	return &logPipe{t: t, name: filepath.Join(t.TempDir(), "log")}
}

// open begins to read, and returns where to write.
func (l *logPipe) open(to io.Writer) *os.File {
	l.t.Helper()
	r, w, err := openPipe(l.name)
	require.NoError(l.t, err)
	l.r, l.to = r, to
	l.resume()
	l.t.Cleanup(l.lose)
	return w
}

// resume reads, up to the end of the process.
func (l *logPipe) resume() {
	l.t.Helper()
	require.NoError(l.t, l.r.SetReadDeadline(time.Time{}))
	l.read = make(chan struct{})
	go func() {
		defer close(l.read)
		_, _ = io.Copy(l.to, l.r)
	}()
}

// stop reads no more.
func (l *logPipe) stop() {
	_ = l.r.SetReadDeadline(time.Unix(1, 0))
	<-l.read
}

// fill reads no more, and leaves no room for a single byte.
func (l *logPipe) fill() {
	l.t.Helper()
	l.stop()
	require.NoError(l.t, fillPipe(l.name))
}

// lose makes the reader go.
func (l *logPipe) lose() {
	l.stop()
	_ = l.r.Close()
}

// storeLimit lets a client have the server log something: it puts tooMuch.
const storeLimit = "1KiB"

// putTooMuch has the server log that its store is full.
func putTooMuch(t *testing.T, c *probe.Conn) {
	t.Helper()
	c.Send(probe.Put("too much", strings.Repeat("much", 1<<10)))
	assert.Contains(t, c.WantError(probe.KindPut), "full")
}

// testLostLog has the log's reader go, as head -1 does. The next lines are lost,
// and nothing else.
func testLostLog(t *testing.T, s Subject) {
	log := newLogPipe(t)
	srv := startIn(t, s, surroundings{log: log}, append(unhurried(s), "--store-limit", storeLimit)...)
	c := srv.dial()
	talk(c, "k")
	log.lose()
	putTooMuch(t, c)
	talk(c, "k")
	c.Close()
	srv.wantDrained(t, 1, 2000)
}

// testFullLog stops reading the log, so that its pipe fills up. Neither clients nor
// the exit wait for it.
func testFullLog(t *testing.T, s Subject) {
	log := newLogPipe(t)
	srv := startIn(t, s, surroundings{log: log}, append(unhurried(s), "--store-limit", storeLimit)...)
	c := srv.dial()
	talk(c, "k")
	log.fill()
	putTooMuch(t, c)
	talk(c, "k")
	if s.Caps.AtOnce() != 1 {
		srv.visit("k") // others are accepted
	}
	log.resume()
	srv.wantLog("the store is full; puts get an error") // it was kept meanwhile
	c.Close()
	log.fill()
	srv.wantDrained(t, 1, 2000)
}

// testSecondSignalUnread sends two signals to a server whose log is not read and whose
// drain one client would keep going for ever. The signals are different ones, because
// the kernel may merge two that are the same.
func testSecondSignalUnread(t *testing.T, s Subject) {
	log := newLogPipe(t)
	srv := startIn(t, s, surroundings{log: log}, append(unhurried(s), "--drain-timeout", "-1")...)
	srv.stoppedGlutton(t)
	log.fill()
	srv.terminate()
	require.NoError(t, interrupt(srv.Process))
	srv.wantExit(1)
}
