// Package stdout is a command's standard output, checked: a result that was lost
// is no success, a reader that has left ends nothing, and nothing that a server said
// is a control sequence to a terminal.
package stdout

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/term"

	"github.com/ioflavors/ioflavors/tools/internal/printable"
)

// Checked is where a command's result goes. A write that fails does not stop the
// command, because there may be files to write still: the first error is kept,
// and told at the end.
type Checked struct {
	file *os.File
	err  error
}

// New returns a Checked that writes to f.
func New(f *os.File) *Checked { return &Checked{file: f} }

// File is what it writes to, to ask what kind of file that is.
func (c *Checked) File() *os.File { return c.file }

// Write writes to the file, as printable.Styled has it, until that fails once. It
// returns no error. A character must not be in two writes.
func (c *Checked) Write(p []byte) (int, error) {
	c.write(printable.Styled(string(p)))
	return len(p), nil
}

// Value writes somebody's bytes, and a newline: as they are, unless the output is a
// terminal. A terminal gets them as printable.Text has them.
func (c *Checked) Value(value string) {
	if term.IsTerminal(int(c.file.Fd())) {
		value = printable.Text(value)
	}
	c.write(value + "\n")
}

func (c *Checked) write(text string) {
	if c.err == nil {
		_, c.err = io.WriteString(c.file, text)
	}
}

// Escaping returns a writer to w for messages: it gets them as printable.Styled has
// them. A character must not be in two writes.
func Escaping(w io.Writer) io.Writer { return escaping{w} }

type escaping struct{ w io.Writer }

func (e escaping) Write(p []byte) (int, error) {
	if _, err := io.WriteString(e.w, printable.Styled(string(p))); err != nil {
		return 0, err
	}
	return len(p), nil
}

// Err returns the error of the first write that failed; nil if none did.
func (c *Checked) Err() error { return c.err }

// ExitCode returns the code that the program ends with: the given one, or 1 if
// output was lost, because then there is no result that another code could be about.
// It prints the error to stderr, in the program's name, unless the reader left early,
// as head does: such a reader has what it wants.
func (c *Checked) ExitCode(program string, code int, stderr io.Writer) int {
	if c.err == nil {
		return code
	}
	if !errors.Is(c.err, syscall.EPIPE) {
		fmt.Fprintf(stderr, "%s: %v\n", program, c.err)
	}
	return 1
}

// OutliveReaders makes a write to standard output or error fail if its reader has
// left. Otherwise SIGPIPE ends the program at that write, in the middle of a run of
// the lab: its servers stay, and its results are lost. The signal is caught and not
// ignored, because a program passes ignored signals on to the programs it starts.
func OutliveReaders() (restore func()) {
	caught := make(chan os.Signal, 1) // never received from: the write's error is enough
	signal.Notify(caught, syscall.SIGPIPE)
	return func() { signal.Stop(caught) }
}
