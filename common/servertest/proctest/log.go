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
	"github.com/ioflavors/ioflavors/common/server"
)

// logPipe is a pipe for a process's log, with a reader that may stop
// reading, or leave.
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

// open starts reading, and returns the end of the pipe to write to.
func (l *logPipe) open(to io.Writer) *os.File {
	l.t.Helper()
	r, w, err := openPipe(l.name)
	require.NoError(l.t, err)
	l.r, l.to = r, to
	l.resume()
	l.t.Cleanup(l.lose)
	return w
}

// resume reads until the process ends.
func (l *logPipe) resume() {
	l.t.Helper()
	require.NoError(l.t, l.r.SetReadDeadline(time.Time{}))
	l.read = make(chan struct{})
	go func() {
		defer close(l.read)
		_, _ = io.Copy(l.to, l.r)
	}()
}

// stop stops reading.
func (l *logPipe) stop() {
	_ = l.r.SetReadDeadline(time.Unix(1, 0))
	<-l.read
}

// fill stops reading, and fills the pipe to the last byte.
func (l *logPipe) fill() {
	l.t.Helper()
	l.stop()
	require.NoError(l.t, fillPipe(l.name))
}

// lose closes the reader's end.
func (l *logPipe) lose() {
	l.stop()
	_ = l.r.Close()
}

// storeLimit makes it possible for a client to cause a log line: see
// putTooMuch.
const storeLimit = "1KiB"

// putTooMuch makes the server log that its store is full.
func putTooMuch(t *testing.T, c *probe.Conn) {
	t.Helper()
	c.Send(probe.Put("too much", strings.Repeat("much", 1<<10)))
	assert.Contains(t, c.WantError(probe.KindPut), "full")
}

// testLostLog closes the reader's end of the log, as head -1 does. Only the
// following log lines may be lost.
func testLostLog(t *testing.T, target server.Variant) {
	log := newLogPipe(t)
	srv := startIn(t, target, surroundings{log: log}, append(unhurried(target), "--store-limit", storeLimit)...)
	c := srv.dial()
	talk(c, "k")
	log.lose()
	putTooMuch(t, c)
	talk(c, "k")
	c.Close()
	srv.wantDrained(t, 1, 2000)
}

// testFullLog stops reading the log, so its pipe fills up. Neither clients nor the
// exit may wait for it.
func testFullLog(t *testing.T, target server.Variant) {
	log := newLogPipe(t)
	srv := startIn(t, target, surroundings{log: log}, append(unhurried(target), "--store-limit", storeLimit)...)
	c := srv.dial()
	talk(c, "k")
	log.fill()
	putTooMuch(t, c)
	talk(c, "k")
	if !target.OneAtATime() {
		srv.visit("k") // further clients are accepted
	}
	log.resume()
	srv.wantLog("the store is full; puts get an error") // the line was kept meanwhile
	c.Close()
	log.fill()
	srv.wantDrained(t, 1, 2000)
}

// testSecondSignalUnread sends two signals to a server whose log is not read, and
// whose drain one client would keep going for ever. The signals differ, because the
// kernel may merge two equal ones.
func testSecondSignalUnread(t *testing.T, target server.Variant) {
	log := newLogPipe(t)
	srv := startIn(t, target, surroundings{log: log}, append(unhurried(target), "--drain-timeout", "-1")...)
	srv.stoppedGlutton(t)
	log.fill()
	srv.terminate()
	require.NoError(t, interrupt(srv.Process))
	srv.wantExit(1)
}
