package term

import (
	"fmt"
	"strings"
	"time"

	"github.com/ioflavors/ioflavors/tools/internal/format"
)

// drawings is how often the line may change in a second.
const drawings = 4

// live shows the running measurement in one line of a terminal.
type live struct {
	line  liveLine
	drawn [drawings]time.Time // the last times, the earliest first
}

// moment is a run's progress.
type moment struct {
	server, what string
	share        float64 // of the run that is done, 0 to 1
	left         time.Duration
}

func (l *live) show(now time.Time, m moment) {
	if now.Sub(l.drawn[0]) < time.Second {
		return
	}
	copy(l.drawn[:], l.drawn[1:])
	l.drawn[drawings-1] = now
	columns, _ := l.line.size()
	l.line.draw(m.line(columns - 1))
}

const (
	barWidth = 16
	barRoom  = 60 // in a narrower line the measurement's name needs the bar's room
	typed    = 2  // characters: a terminal shows ^C when it is pressed
)

// line describes the moment in a line of at most width characters.
func (m moment) line(width int) string {
	text := m.String()
	if width >= barRoom {
		full := int(m.share * barWidth)
		text = strings.Repeat("█", full) + strings.Repeat("░", barWidth-full) + " " + text
	}
	return format.Clip(text, width-typed)
}

func (m moment) String() string {
	return fmt.Sprintf("%3.0f %%  about %s left  %s", m.share*100, format.Roughly(m.left), m.name())
}

// name is the measurement's.
func (m moment) name() string {
	if m.server == "" {
		return m.what
	}
	return m.server + " · " + m.what
}
