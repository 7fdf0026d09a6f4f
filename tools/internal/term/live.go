package term

import (
	"fmt"
	"strings"
	"time"

	"github.com/ioflavors/ioflavors/tools/internal/format"
	"github.com/ioflavors/ioflavors/tools/internal/results"
	"github.com/ioflavors/ioflavors/tools/internal/text"
)

// drawings is how often the screen may change in a second.
const drawings = 4

// live shows on a terminal the figures so far, and the running measurement.
type live struct {
	region liveRegion
	style  text.Style
	drawn  [drawings]time.Time // the last times, the earliest first
}

// moment is a run's progress.
type moment struct {
	server, what string
	share        float64 // of the run that is done, 0 to 1
	left         time.Duration
}

func (l *live) show(now time.Time, r *results.Results, m moment) {
	if now.Sub(l.drawn[0]) < time.Second {
		return
	}
	copy(l.drawn[:], l.drawn[1:])
	l.drawn[drawings-1] = now
	columns, rows := l.region.size()
	lines := append(liveTable(r, m, columns-1, l.style), m.line(columns-1))
	if len(lines) >= rows {
		lines = lines[len(lines)-1:]
	}
	l.region.draw(lines)
}

const (
	barWidth = 16
	barRoom  = 60 // in a narrower line the measurement's name needs the bar's room
	typed    = 2  // characters: a terminal shows ^C when it is pressed
)

// line describes the moment in a line of at most width characters.
func (m moment) line(width int) string {
	text := fmt.Sprintf("%3.0f %%  about %s left  ", m.share*100, format.Roughly(m.left))
	if width >= barRoom {
		full := int(m.share * barWidth)
		text = strings.Repeat("█", full) + strings.Repeat("░", barWidth-full) + " " + text
	}
	if m.server != "" {
		text += m.server + " · "
	}
	return format.Clip(text+m.what, width-typed)
}
