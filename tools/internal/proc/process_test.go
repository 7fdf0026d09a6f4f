//go:build unix

package proc

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/tools/internal/labtest"
	"github.com/ioflavors/ioflavors/tools/internal/results"
)

func TestMain(m *testing.M) { labtest.Main(m, map[string]func(){"parent": testParent}) }

func TestProcess(t *testing.T) {
	for _, mode := range []string{"right", "foreign"} {
		t.Run(mode, func(t *testing.T) {
			p, err := Start(t.Context(), labtest.Target(t, mode), Pinning{})
			require.NoError(t, err)
			c, err := net.Dial("tcp", p.Addr)
			require.NoError(t, err)
			defer c.Close()
			require.NoError(t, p.Failure())
			require.NoError(t, p.Stop(t.Context()))
			_, err = net.Dial("tcp", p.Addr)
			require.Error(t, err)
		})
	}
}

func TestProcessThatFails(t *testing.T) {
	_, err := Start(t.Context(), labtest.Target(t, "fails"), Pinning{})
	require.ErrorContains(t, err, "exit status 5; it said:\n\tno luck today")

	_, err = Start(t.Context(), results.Target{Command: []string{"/does/not/exist"}}, Pinning{})
	require.ErrorContains(t, err, "start /does/not/exist")
}

func TestProcessThatNeverListens(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err := Start(ctx, labtest.Target(t, "mute"), Pinning{})
	require.ErrorIs(t, err, context.DeadlineExceeded)
}

func TestProcessThatDoesNotStop(t *testing.T) {
	p, err := Start(t.Context(), labtest.Target(t, "stubborn"), Pinning{})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.Error(t, p.Stop(ctx))
	<-p.exited
}

func TestProcessDiesWithTheLab(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux kills the children of a process that was killed")
	}
	parent := exec.Command(labtest.Target(t, "parent").Command[0], "test-server", "parent")
	parent.Stderr = os.Stderr
	out, err := parent.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, parent.Start())
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	addr := strings.TrimSpace(line)
	c, err := net.Dial("tcp", addr)
	require.NoError(t, err)
	defer c.Close()

	require.NoError(t, parent.Process.Kill())
	_ = parent.Wait()
	require.NoError(t, c.SetReadDeadline(time.Now().Add(time.Minute)))
	_, err = c.Read(make([]byte, 1))
	require.Error(t, err)
	assert.NotErrorIs(t, err, os.ErrDeadlineExceeded, "the server's end closes its connections")
}

func TestChildLog(t *testing.T) {
	const text = "{\"msg\":\"debug\"}\nnot JSON\n" +
		`{"msg":"debug server","url":"http://127.0.0.1:43210/debug/"}` + "\n" +
		`{"time":"2026-01-01T00:00:00Z","level":"INFO","msg":"listening","model":"eventloop","addr":"127.0.0.1:43211"}` +
		"\n{\"msg\":\"listening\",\"addr\":\"another\"}\nthe end\n"
	for cut := range len(text) {
		l := newChildLog()
		for _, piece := range []string{text[:cut], text[cut:]} {
			_, err := l.Write([]byte(piece))
			require.NoError(t, err)
		}
		require.Equal(t, listening{"127.0.0.1:43211", "http://127.0.0.1:43210/debug/"}, <-l.listening)
		require.Empty(t, l.listening)
		require.ErrorContains(t, l.explain(assert.AnError), "\n\tthe end")
	}
	l := newChildLog()
	require.Equal(t, assert.AnError, l.explain(assert.AnError))
	_, _ = l.Write([]byte(strings.Repeat("x", 10*keptLog) + "last"))
	require.LessOrEqual(t, len(l.explain(assert.AnError).Error()), keptLog+100)
	require.ErrorContains(t, l.explain(assert.AnError), "xlast")
}

// testParent starts a server, says where, and waits to be killed.
func testParent() {
	program, err := os.Executable()
	if err != nil {
		panic(err)
	}
	p, err := Start(context.Background(), results.Target{Command: []string{program, "test-server", "right"}}, Pinning{})
	if err != nil {
		panic(err)
	}
	fmt.Println(p.Addr)
	select {}
}
