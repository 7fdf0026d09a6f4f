// Package exchanges reads and writes files of exchanges: what a client of a
// request/reply protocol sends, and the reply that it must get, byte for byte. Such
// a file is all that the checker, the load generator and the advisor need to know of
// a protocol. docs/exchanges.md describes the format.
package exchanges

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
)

// Exchange is a request and its whole reply.
type Exchange struct {
	// Request and Reply are never empty.
	Request, Reply []byte
	// Setup: the exchange takes place once on each connection, before any exchange
	// without Setup.
	Setup bool
	// Line is the line of the file, from 1, on which the request begins; 0 if the
	// exchange is from no file.
	Line int
}

// Limits of a file.
const (
	MaxFile      = 16 << 20 // bytes
	MaxExchanges = 100_000
)

// Split returns the exchanges that take place once on each connection, and those that
// are repeated. Both share the memory of all.
func Split(all []Exchange) (setup, repeated []Exchange) {
	n := slices.IndexFunc(all, func(e Exchange) bool { return !e.Setup })
	if n < 0 {
		n = len(all)
	}
	return all[:n:n], all[n:]
}

// Validate returns an error for exchanges that no file can have, such as one without a
// reply.
func Validate(all []Exchange) error {
	setup, repeated := Split(all)
	if len(all) > MaxExchanges {
		return fmt.Errorf("%d exchanges: the limit is %d", len(all), MaxExchanges)
	}
	if len(repeated) == 0 {
		return errors.New("no exchange to repeat")
	}
	for i, e := range all {
		switch {
		case len(e.Request) == 0:
			return fmt.Errorf("exchange %d has no request", i+1)
		case len(e.Reply) == 0:
			return fmt.Errorf("exchange %d has no reply", i+1)
		case e.Setup && i >= len(setup):
			return fmt.Errorf("exchange %d sets up a connection, behind one that does not", i+1)
		}
	}
	return nil
}

// Load reads the file at path. An error about its contents is a *SyntaxError.
func Load(path string) ([]Exchange, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return Parse(path, f)
}

// lineBytes is the length in bytes of a request's or a reply's part from which Format
// begins another line.
const lineBytes = 1000

// Format writes a file with these exchanges. Parse reads the same exchanges from it,
// except for their lines. The error is Validate's or the writer's.
func Format(w io.Writer, all []Exchange) error {
	if err := Validate(all); err != nil {
		return err
	}
	out := bufio.NewWriter(w)
	for i, e := range all {
		if i > 0 {
			_ = out.WriteByte('\n')
			if all[i-1].Setup && !e.Setup {
				_, _ = out.WriteString(repeat + "\n\n")
			}
		}
		formatBytes(out, '>', e.Request)
		formatBytes(out, '<', e.Reply)
	}
	return out.Flush()
}

// formatBytes begins a line of the file with each line of text.
func formatBytes(out *bufio.Writer, direction byte, text []byte) {
	for len(text) > 0 {
		n := bytes.IndexByte(text[:min(len(text), lineBytes)], '\n') + 1
		if n == 0 {
			n = min(len(text), lineBytes)
		}
		_, _ = fmt.Fprintf(out, "%c %q\n", direction, text[:n]) // Flush reports a failure
		text = text[n:]
	}
}
