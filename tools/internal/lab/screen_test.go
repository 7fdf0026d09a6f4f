package lab

import (
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// screen is a terminal of a few lines, which understands what area writes.
type screen struct {
	t             *testing.T
	columns, rows int
	lines         [][]rune // from the top of the screen on
	y, x          int      // the cursor
	writes        int
}

var sequence = regexp.MustCompile(`^\x1b\[(\d*)([A-Za-z])`)

func (s *screen) size() (columns, rows int) { return s.columns, s.rows }

func (s *screen) Write(p []byte) (int, error) {
	s.writes++
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
			s.x = 0
		case '\n':
			s.newline()
		default:
			require.GreaterOrEqual(s.t, r, ' ')
			require.Less(s.t, s.x, s.columns, "a line wraps")
			s.put(r)
		}
	}
	return len(p), nil
}

func (s *screen) put(r rune) {
	for len(s.lines) <= s.y {
		s.lines = append(s.lines, nil)
	}
	for len(s.lines[s.y]) <= s.x {
		s.lines[s.y] = append(s.lines[s.y], ' ')
	}
	s.lines[s.y][s.x] = r
	s.x++
}

func (s *screen) newline() {
	s.y++
	if s.y == s.rows {
		s.lines, s.y = s.lines[1:], s.y-1
	}
}

func (s *screen) control(command, argument string) {
	n, _ := strconv.Atoi(argument)
	switch command {
	case "A":
		s.y = max(0, s.y-n)
	case "K", "J":
		if s.y < len(s.lines) {
			s.lines[s.y] = s.lines[s.y][:min(s.x, len(s.lines[s.y]))]
		}
		if command == "J" {
			s.lines = s.lines[:min(s.y+1, len(s.lines))]
		}
	case "m":
	default:
		require.Fail(s.t, "unknown control sequence", "%s%s", argument, command)
	}
}

// resize breaks lines that are wider than the terminal is then, as most
// terminals do.
func (s *screen) resize(columns int) {
	var lines [][]rune
	for _, line := range s.lines {
		for len(line) > columns {
			lines, line = append(lines, line[:columns:columns]), line[columns:]
		}
		lines = append(lines, line)
	}
	s.columns, s.lines = columns, lines[max(0, len(lines)-s.rows):]
	s.y = len(s.lines) - 1
	s.x = len(s.lines[s.y])
}

// text is what can be read, line by line.
func (s *screen) text() []string {
	var all []string
	for _, line := range s.lines {
		all = append(all, strings.TrimRight(string(line), " "))
	}
	for len(all) > 0 && all[len(all)-1] == "" {
		all = all[:len(all)-1]
	}
	return all
}
