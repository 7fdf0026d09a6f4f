package main

import (
	"fmt"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
	"golang.org/x/term"
)

// pseudoTerminal returns a terminal, and a reader of its output.
func pseudoTerminal(t *testing.T) (terminal, reader *os.File) {
	t.Helper()
	reader, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() { _ = reader.Close() })
	fd := int(reader.Fd())
	require.NoError(t, unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0))
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	require.NoError(t, err)
	terminal, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() { _ = terminal.Close() })
	_, err = term.MakeRaw(int(terminal.Fd())) // so that a newline is not changed
	require.NoError(t, err)
	return terminal, reader
}

// Once a value stored by another user could clear the screen of the user that
// read it.
func TestValuesAreNoControlSequencesToATerminal(t *testing.T) {
	addr := startModel(t)
	code, _, stderr := ioflavors(t, "put", "k", evil, "--addr", addr)
	require.Zero(t, code, stderr)
	terminal, reader := pseudoTerminal(t)
	stdout := os.Stdout
	os.Stdout = terminal
	defer func() { os.Stdout = stdout }()
	require.Zero(t, run([]string{"get", "k", "--addr", addr}))
	shown := make([]byte, 1<<10)
	n, err := reader.Read(shown) // the contents of the terminal's buffer, in one read
	require.NoError(t, err)
	assert.Equal(t, `\u001b[2J\u001b]0;title\u0007 \u202e \u009b2J \u007f`+"\n54 of 54 rules passed\n", string(shown[:n]))
}
