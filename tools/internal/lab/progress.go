package lab

import (
	"fmt"
	"io"
	"time"
)

// redraw is how often the live line may change, at most.
const redraw = 250 * time.Millisecond

// Progress tells how far a run is: on a terminal by one line that is written
// over and over, elsewhere by a line for each server and round. It writes
// between measurements only, so nothing runs beside one. The zero value is
// silent.
type Progress struct {
	w    io.Writer
	live bool
	cols func() int // the terminal's

	began       time.Time
	done, total time.Duration // as planned
	shown       time.Time
	drawn       bool // a live line is there
}

// NewProgress returns a Progress that writes lines to w.
func NewProgress(w io.Writer) *Progress { return &Progress{w: w} }

// NewLiveProgress returns one for a terminal, columns wide.
func NewLiveProgress(w io.Writer, columns func() int) *Progress {
	return &Progress{w: w, live: true, cols: columns}
}

func (p *Progress) start(total time.Duration) {
	p.began, p.total = time.Now(), total
	if p.w != nil && !p.live {
		fmt.Fprintf(p.w, "about %s\n", seconds(total))
	}
}

// doing says what is measured next.
func (p *Progress) doing(what string) {
	now := time.Now()
	if p.w == nil || !p.live || now.Sub(p.shown) < redraw {
		return
	}
	p.shown = now
	line := []rune(fmt.Sprintf("%s · about %s left", what, seconds(p.left(now))))
	line = line[:max(0, min(len(line), p.cols()-1))] // a line that wraps cannot be written over
	fmt.Fprintf(p.w, "\r\x1b[K%s", string(line))
	p.drawn = true
}

// finished counts what was planned to take that long, and may say something
// about it.
func (p *Progress) finished(planned time.Duration, line string) {
	p.done += planned
	if p.w != nil && !p.live && line != "" {
		fmt.Fprintf(p.w, "%s (about %s left)\n", line, seconds(p.left(time.Now())))
	}
}

// left is how long the rest takes if it goes on like this.
func (p *Progress) left(now time.Time) time.Duration {
	rest := p.total - p.done
	if p.done == 0 {
		return rest
	}
	pace := float64(now.Sub(p.began)) / float64(p.done)
	return time.Duration(min(pace, 2) * float64(rest)) // one bad start does not make it last for ever
}

func (p *Progress) end() {
	if p.drawn {
		fmt.Fprint(p.w, "\r\x1b[K")
		p.drawn = false
	}
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.0f s", d.Seconds()) }
