package labtest

import (
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Screen is a terminal of a few lines. It understands the control sequences that package
// term writes.
type Screen struct {
	T             *testing.T
	Columns, Rows int
	lines         [][]rune // from the top of the screen
	Y, X          int      // the cursor
	Writes        int
}

var sequence = regexp.MustCompile(`^\x1b\[(\d*)([A-Za-z])`)

func (s *Screen) Size() (columns, rows int) { return s.Columns, s.Rows }

func (s *Screen) Write(p []byte) (int, error) {
	s.Writes++
	for text := string(p); text != ""; {
		if seq := sequence.FindStringSubmatch(text); seq != nil {
			s.control(seq[2], seq[1])
			text = text[len(seq[0]):]
			continue
		}
		r := []rune(text)[0]
		text = strings.TrimPrefix(text, string(r))
		switch r {
		case '\r':
			s.X = 0
		case '\n':
			s.newline()
		default:
			require.GreaterOrEqual(s.T, r, ' ')
			require.Less(s.T, s.X, s.Columns, "a line wraps")
			s.put(r)
		}
	}
	return len(p), nil
}

func (s *Screen) put(r rune) {
	for len(s.lines) <= s.Y {
		s.lines = append(s.lines, nil)
	}
	for len(s.lines[s.Y]) <= s.X {
		s.lines[s.Y] = append(s.lines[s.Y], ' ')
	}
	s.lines[s.Y][s.X] = r
	s.X++
}

func (s *Screen) newline() {
	s.Y++
	if s.Y == s.Rows {
		s.lines, s.Y = s.lines[1:], s.Y-1
	}
}

func (s *Screen) control(command, argument string) {
	n, _ := strconv.Atoi(argument)
	switch command {
	case "A":
		s.Y = max(0, s.Y-n)
	case "K", "J":
		if s.Y < len(s.lines) {
			s.lines[s.Y] = s.lines[s.Y][:min(s.X, len(s.lines[s.Y]))]
		}
		if command == "J" {
			s.lines = s.lines[:min(s.Y+1, len(s.lines))]
		}
	case "m":
	default:
		require.Fail(s.T, "unknown control sequence", "%s%s", argument, command)
	}
}

// Resize breaks the lines that are wider than the new width, as most terminals do.
func (s *Screen) Resize(columns int) {
	var lines [][]rune
	for _, line := range s.lines {
		for len(line) > columns {
			lines, line = append(lines, line[:columns:columns]), line[columns:]
		}
		lines = append(lines, line)
	}
	s.Columns, s.lines = columns, lines[max(0, len(lines)-s.Rows):]
	s.Y = len(s.lines) - 1
	s.X = len(s.lines[s.Y])
}

// Text returns the visible lines, without trailing spaces and empty lines.
func (s *Screen) Text() []string {
	var all []string
	for _, line := range s.lines {
		all = append(all, strings.TrimRight(string(line), " "))
	}
	for len(all) > 0 && all[len(all)-1] == "" {
		all = all[:len(all)-1]
	}
	return all
}
