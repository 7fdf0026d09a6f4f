// Package realserver runs the servers of other projects for tests, on this machine alone.
package realserver

import (
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Patience is longer than any server takes to start, or to notice that another is gone.
const Patience = time.Minute

// Need skips the test if a program is not installed.
func Need(t testing.TB, programs ...string) {
	t.Helper()
	for _, name := range programs {
		if _, err := exec.LookPath(name); err != nil {
			t.Skipf("%s is not installed, so this is not tested here", name)
		}
	}
}

// Addr returns an address of this machine on which nothing listens.
func Addr(t testing.TB) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer ln.Close()
	return ln.Addr().String()
}

// Port returns the port of an address.
func Port(t testing.TB, addr string) string {
	t.Helper()
	_, port, err := net.SplitHostPort(addr)
	require.NoError(t, err)
	return port
}

// Server is a running program.
type Server struct {
	Addr string
	args []string
	cmd  *exec.Cmd
	log  *os.File
}

// Start runs a program that will listen on an address until the test ends.
func Start(t testing.TB, addr, program string, args ...string) *Server {
	t.Helper()
	log, err := os.CreateTemp(t.TempDir(), "log")
	require.NoError(t, err)
	s := &Server{Addr: addr, args: append([]string{program}, args...), log: log}
	t.Cleanup(func() {
		s.Kill()
		if t.Failed() {
			_, _ = log.Seek(0, io.SeekStart)
			text, _ := io.ReadAll(log)
			t.Logf("%s says:\n%s", program, text)
		}
		log.Close()
	})
	s.Restart(t)
	return s
}

// Restart runs the program again after Kill, with the same arguments, and waits until it
// listens.
func (s *Server) Restart(t testing.TB) {
	t.Helper()
	s.cmd = exec.Command(s.args[0], s.args[1:]...)
	s.cmd.Stdout, s.cmd.Stderr = s.log, s.log
	require.NoError(t, s.cmd.Start())
	Eventually(t, func() error {
		conn, err := net.DialTimeout("tcp", s.Addr, time.Second)
		if err == nil {
			conn.Close()
		}
		return err
	})
}

// Kill ends the program at once.
func (s *Server) Kill() {
	if s.cmd != nil {
		_ = s.cmd.Process.Kill()
		_ = s.cmd.Wait()
		s.cmd = nil
	}
}

// Signal sends the program a signal.
func (s *Server) Signal(t testing.TB, signal os.Signal) {
	t.Helper()
	require.NoError(t, s.cmd.Process.Signal(signal))
}

// Eventually calls f until it returns nil.
func Eventually(t testing.TB, f func() error) {
	t.Helper()
	err := fmt.Errorf("not tried")
	for until := time.Now().Add(Patience); err != nil && time.Now().Before(until); {
		if err = f(); err != nil {
			time.Sleep(10 * time.Millisecond)
		}
	}
	require.NoError(t, err)
}
