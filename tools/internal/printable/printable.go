// Package printable makes text from outside fit to be shown: what a server said, a
// name in a file, an error that quotes either. On a terminal such a text could
// otherwise clear the screen, hide what follows it, or type for the user; a letter
// that changes the direction of writing could make a page say the opposite.
package printable

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// The control sequences that Styled lets pass. They change how text looks, until
// Reset, and can hide nothing.
const (
	Strong = "\x1b[1m"
	Faint  = "\x1b[2m"
	Alarm  = "\x1b[31m"
	Reset  = "\x1b[0m"
)

// Text returns text of any number of lines as characters that can be seen, spaces,
// tabs and newlines. Whatever else is in it is escaped as in JSON (a JSON text stays
// one, and means the same): control characters, C1 and DEL among them, characters
// without width, those that change the direction of writing, and those that Unicode
// does not assign. A byte that is no UTF-8 becomes \xNN.
func Text(text string) string {
	return escape(text, func(rest string) int {
		if rest[0] == '\n' || rest[0] == '\t' {
			return 1
		}
		return 0
	})
}

// Line is Text for one line: newlines and tabs are escaped, too, so that nobody can
// add a line.
func Line(text string) string { return escape(text, func(string) int { return 0 }) }

// Styled is Text that may be emphasised by this package's sequences.
func Styled(text string) string {
	return escape(text, func(rest string) int {
		switch rest[0] {
		case '\n', '\t':
			return 1
		case '\x1b':
			for _, sequence := range []string{Reset, Strong, Faint, Alarm} {
				if strings.HasPrefix(rest, sequence) {
					return len(sequence)
				}
			}
		}
		return 0
	})
}

// escape escapes what cannot be seen, but for as many bytes as keep says of what
// begins with it.
func escape(text string, keep func(rest string) int) string {
	var out strings.Builder
	done := 0 // up to there it is in out
	for i := 0; i < len(text); {
		r, n := utf8.DecodeRuneInString(text[i:])
		invalid := r == utf8.RuneError && n == 1
		if !invalid && unicode.IsGraphic(r) {
			i += n
			continue
		}
		if kept := keep(text[i:]); kept > 0 {
			i += kept
			continue
		}
		out.WriteString(text[done:i])
		switch high, low := utf16.EncodeRune(r); {
		case invalid:
			fmt.Fprintf(&out, `\x%02x`, text[i])
		case r > 0xffff:
			fmt.Fprintf(&out, `\u%04x\u%04x`, high, low)
		default:
			fmt.Fprintf(&out, `\u%04x`, r)
		}
		i += n
		done = i
	}
	if done == 0 {
		return text
	}
	return out.String() + text[done:]
}
