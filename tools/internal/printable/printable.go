// Package printable makes text from outside safe to show: a server's reply, a name
// in a file, an error that quotes either. On a terminal such a text could
// otherwise clear the screen, hide the text behind it, or type for the user; a
// character that changes the direction of writing could make a page say the
// opposite.
package printable

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// The control sequences that Styled keeps. They change the style of text until
// Reset, and can hide nothing.
const (
	Strong = "\x1b[1m"
	Faint  = "\x1b[2m"
	Alarm  = "\x1b[31m"
	Reset  = "\x1b[0m"
)

// Text returns a text of any number of lines as visible characters, spaces, tabs and
// newlines. It escapes everything else as in JSON (JSON stays valid, and means the
// same): control characters, including C1 and DEL, characters without width, those
// that change the direction of writing, and those that Unicode does not assign. A
// byte that is not UTF-8 becomes \xNN.
func Text(text string) string {
	return escape(text, func(rest string) int {
		if rest[0] == '\n' || rest[0] == '\t' {
			return 1
		}
		return 0
	})
}

// Line is Text for one line: it also escapes newlines and tabs, so that the text
// cannot add a line.
func Line(text string) string { return escape(text, func(string) int { return 0 }) }

// Styled is Text that keeps this package's sequences.
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

// escape escapes invisible characters. keep returns how many bytes at the
// beginning of rest stay unescaped.
func escape(text string, keep func(rest string) int) string {
	var out strings.Builder
	done := 0 // the text up to here is in out
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
