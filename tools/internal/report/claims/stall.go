package claims

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/ioflavors/ioflavors/tools/internal/format"
	"github.com/ioflavors/ioflavors/tools/internal/report/plot"
	"github.com/ioflavors/ioflavors/tools/internal/results"
)

// The picture of a stall has a row for each server, all on the same axis of time.
const (
	stallLeft  = 56 // room for the labels of the axis
	stallRight = plot.Width - plot.Margin
	stallHead  = 26 // room for a name
	stallHigh  = 44
	stallRow   = stallHead + stallHigh
	// stallLine is the height of a line of an attack's name, stallLetter the width of
	// a letter in it.
	stallLine, stallLetter = 14, 7
	// stallLetters fit above a row.
	stallLetters = 35
)

// stallFigures show how long probes waited while a client misbehaved: a figure for
// each case with probes and attacks.
func stallFigures(r *results.Results, e *results.Statement, c results.Claim, slug string) (all []*plot.Figure) {
	var cases []string
	byCase := make(map[string][]results.Trial)
	for _, t := range trialsOf(r, e.ID) {
		if t.Probes == nil || len(t.Probes.Steps) == 0 || t.Probes.Step <= 0 || len(t.Attacks) == 0 {
			continue
		}
		if byCase[t.Case] == nil {
			cases = append(cases, t.Case)
		}
		byCase[t.Case] = append(byCase[t.Case], t)
	}
	for i, name := range cases {
		s := stall{experiment: e, claim: c, name: name, trials: byCase[name]}
		id := "stall-" + slug
		if i > 0 {
			id += fmt.Sprintf("-%d", i+1)
		}
		all = append(all, s.figure(r, id))
	}
	return all
}

// stall is the content of one picture.
type stall struct {
	experiment *results.Statement
	claim      results.Claim
	name       string // of the case; empty: there is only one
	trials     []results.Trial
	length     time.Duration
	y          plot.Scale
}

// at returns the place of a time.
func (s *stall) at(t time.Duration) float64 {
	share := float64(t) / float64(s.length)
	return stallLeft + (stallRight-stallLeft)*min(max(share, 0), 1)
}

// trial returns a server's first run, and the number of its runs.
func (s *stall) trial(server string) (first *results.Trial, n int) {
	for i := range s.trials {
		if s.trials[i].Server == server {
			first = cmp.Or(first, &s.trials[i])
			n++
		}
	}
	return first, n
}

func (s *stall) figure(r *results.Results, id string) *plot.Figure {
	p := plot.Picture{ID: id, Title: s.experiment.ID + " · " + s.experiment.Title}
	if s.name != "" {
		p.Title += ": " + s.name
	}
	f := &plot.Figure{ID: id, Picture: &p, Table: s.table(r)}
	var times []float64
	for _, t := range s.trials {
		s.length = max(s.length, t.Probes.Length())
		for _, m := range t.Probes.Steps {
			times = append(times, float64(m.Worst))
		}
	}
	var ok bool
	if s.y, ok = plot.Logarithmic(times, stallHigh, 0); !ok {
		s.y, _ = plot.Logarithmic([]float64{1e6}, stallHigh, 0) // no probe was answered
	}
	p.Heading(format.Clip(s.experiment.ID+" · "+s.experiment.Title, plot.TitleLetters))
	top := 34.0
	if s.name != "" {
		p.Text(plot.Margin, top, "start", "small value", format.Clip(s.name, plot.TitleLetters))
		top += 17
	}
	p.Text(plot.Margin, top, "start", "soft", "others’ waits by when they come (log), and the longest")
	top, footnotes := s.names(&p, top+22)
	for _, server := range r.Servers {
		first, n := s.trial(server.Name)
		if first == nil {
			continue
		}
		s.row(&p, server.Name, slices.Index(r.Servers, server), first, top)
		top += stallRow
		if n > 1 {
			f.Remarks = append(f.Remarks, fmt.Sprintf("%s: the first of %d runs.", server.Name, n))
		}
	}
	s.axis(&p, top)
	s.key(&p, top+38, footnotes)
	p.Desc = "A row for each server, all on the same axes: the longest response time of probes, each of which comes ten times a second, by the time when they were due, on a logarithmic axis. " +
		"Shaded, and named above: one client misbehaves. A wall, with ▲: all others wait until it is done. A cross: unanswered probes."
	return f
}

// names writes the attacks' names above them, and returns where the rows begin.
// Names without room become numbers with footnotes.
func (s *stall) names(p *plot.Picture, top float64) (below float64, footnotes []string) {
	attacks := s.trials[0].Attacks
	middle := func(a results.Attack) float64 { return (s.at(a.From) + s.at(a.Until)) / 2 }
	room := 2 * (stallRight - middle(attacks[len(attacks)-1]))
	for i := 1; i < len(attacks); i++ {
		room = min(room, middle(attacks[i])-middle(attacks[i-1]))
	}
	var texts [][]string
	most := 1
	for _, a := range attacks {
		lines, fit := wrapped(string(a.Kind), int((room-10)/stallLetter))
		if !fit {
			texts, most = nil, 1
			break
		}
		texts, most = append(texts, lines), max(most, len(lines))
	}
	for i, lines := range texts {
		for j, line := range lines {
			p.Text(middle(attacks[i]), top+float64(stallLine*(j+most-len(lines))), "middle", "small value", line)
		}
	}
	if texts == nil {
		var all []plot.Label
		for i, a := range attacks {
			all = append(all, plot.Label{At: middle(a), Text: fmt.Sprint(i + 1)})
			footnotes = append(footnotes, fmt.Sprintf("%d: %s", i+1, a.Kind))
		}
		slices.SortStableFunc(all, func(a, b plot.Label) int { return cmp.Compare(a.At, b.At) })
		for _, l := range plot.Apart(all, 16) {
			p.Text(l.At, top, "middle", "small value", l.Text)
		}
	}
	return top + float64(stallLine*(most-1)) + 8, footnotes
}

// wrapped breaks a text between words into lines of at most that many letters. fit
// is false if a word is longer.
func wrapped(text string, letters int) (lines []string, fit bool) {
	fit = true
	for _, word := range strings.Fields(text) {
		n := len([]rune(word))
		fit = fit && n <= letters
		last := len(lines) - 1
		if last >= 0 && len([]rune(lines[last]))+1+n <= letters {
			lines[last] += " " + word
		} else {
			lines = append(lines, word)
		}
	}
	return lines, fit
}

// row draws a server's row.
func (s *stall) row(p *plot.Picture, name string, number int, t *results.Trial, top float64) {
	plotTop, base := top+stallHead, top+stallRow
	for _, a := range t.Attacks {
		p.Rect("shade", s.at(a.From), top, s.at(a.Until)-s.at(a.From), stallRow)
	}
	rules := s.y.TimeLabels()
	for _, l := range rules {
		p.Line("rule", stallLeft, plotTop+l.At, stallRight, plotTop+l.At)
	}
	for _, l := range plot.Apart(rules, 17) {
		p.Text(stallLeft-5, plotTop+l.At+4, "end", "soft", l.Text)
	}
	p.Line("rule", stallLeft, base, stallRight, base)
	kind, sign := s.kind(name)
	for _, line := range s.skyline(t.Probes) {
		p.Path(kind, skylinePath(line, plotTop, base))
	}
	s.crosses(p, t.Probes, plotTop+2)
	p.Shape(plot.Class("full", number), number, stallLeft+5, top+12)
	right := sign + longest(t.Probes)
	p.Text(stallLeft+15, top+16, "start", "small value", format.Clip(name, stallLetters-len([]rune(right))))
	p.Text(stallRight, top+16, "end", "small", right)
}

// confirmed reports whether the claim is confirmed for a server.
func (s *stall) confirmed(server string) bool {
	return slices.ContainsFunc(s.claim.Findings, func(f results.Finding) bool {
		return f.Server == server && f.Verdict == results.Confirmed
	})
}

// kind returns the class of a server's skyline: bad if others wait for as long as one
// client likes, good if they do not; and the sign that says so without colour.
func (s *stall) kind(server string) (class, sign string) {
	switch {
	case len(s.claim.Findings) == 0:
		return "unjudged", ""
	case s.confirmed(server):
		return "wall", "▲ "
	default:
		return "calm", "● "
	}
}

// longest writes the longest wait of the others.
func longest(t *results.Timeline) string {
	worst := t.Worst(0, t.Length())
	unanswered := ""
	if n := t.Failed(); n > 0 {
		unanswered = format.Thousands(float64(n)) + " unanswered"
	}
	switch {
	case unanswered == "":
		return format.Duration(worst)
	case worst == 0:
		return unanswered
	default:
		return format.Duration(worst) + ", " + unanswered
	}
}

// block is a step of the skyline, as high as the step's longest wait.
type block struct{ from, to, y float64 }

// skyline returns the steps in which probes were answered, in runs without a gap.
func (s *stall) skyline(t *results.Timeline) (all [][]block) {
	open := false
	for i, m := range t.Steps {
		if m.Worst <= 0 {
			open = false
			continue
		}
		if !open {
			all = append(all, nil)
		}
		open = true
		last := len(all) - 1
		from := time.Duration(i) * t.Step
		all[last] = append(all[last], block{s.at(from), s.at(from + t.Step), s.y.At(float64(m.Worst))})
	}
	return all
}

func skylinePath(line []block, top, base float64) string {
	var path strings.Builder
	fmt.Fprintf(&path, "M%s %s", plot.Coordinate(line[0].from), plot.Coordinate(base))
	for _, b := range line {
		fmt.Fprintf(&path, "V%sH%s", plot.Coordinate(top+b.y), plot.Coordinate(b.to))
	}
	fmt.Fprintf(&path, "V%sz", plot.Coordinate(base))
	return path.String()
}

// crosses mark unanswered probes, as many as have room.
func (s *stall) crosses(p *plot.Picture, t *results.Timeline, y float64) {
	last := math.Inf(-1)
	for i, m := range t.Steps {
		x := s.at(time.Duration(i)*t.Step + t.Step/2)
		if m.Failed > 0 && x-last >= 9 {
			p.Cross("mark", x, y)
			last = x
		}
	}
}

// axis writes the time below the rows.
func (s *stall) axis(p *plot.Picture, y float64) {
	var all []plot.Label
	for _, step := range []time.Duration{100 * time.Millisecond, 500 * time.Millisecond, time.Second, 2 * time.Second, 5 * time.Second, 10 * time.Second, time.Minute} {
		all = nil
		for t := time.Duration(0); t <= s.length; t += step {
			all = append(all, plot.Label{At: s.at(t), Text: fmt.Sprint(t)})
		}
		if len(all) <= 7 {
			break
		}
	}
	for _, l := range plot.Apart(all, 30) {
		p.Line("rule", l.At, y, l.At, y+4)
		p.Text(min(l.At, plot.Width-16), y+17, "middle", "soft", l.Text)
	}
}

func (s *stall) key(p *plot.Picture, y float64, footnotes []string) {
	for _, note := range footnotes {
		p.Text(plot.Margin, y, "start", "soft", format.Clip(note, 50))
		y += 17
	}
	signs := []plot.Sign{p.PatchSign("shade", "one client misbehaves")}
	for _, k := range []struct{ class, text string }{{"wall", "▲ others wait for it"}, {"calm", "● they do not"}, {"unjudged", "how long others wait"}} {
		if slices.ContainsFunc(s.trials, func(t results.Trial) bool { class, _ := s.kind(t.Server); return class == k.class }) {
			signs = append(signs, p.PatchSign(k.class, k.text))
		}
	}
	if slices.ContainsFunc(s.trials, func(t results.Trial) bool { return t.Probes.Failed() > 0 }) {
		signs = append(signs, p.CrossSign("mark", "not answered"))
	}
	p.Height = int(p.Key(y, signs...))
}

// table has for each server the longest wait of others, during each attack and
// otherwise.
func (s *stall) table(r *results.Results) plot.Table {
	t := plot.Table{Caption: "The longest wait of others that came during each attack, and otherwise; the whole timeline is in results.json", Head: []string{"model"}}
	attacks := s.trials[0].Attacks
	for _, a := range attacks {
		t.Head = append(t.Head, string(a.Kind))
	}
	t.Head = append(t.Head, "otherwise", "not answered")
	for _, server := range r.Servers {
		trial, _ := s.trial(server.Name)
		if trial == nil {
			continue
		}
		row := []string{server.Name}
		for i := range attacks {
			text := format.Absent
			if i < len(trial.Attacks) {
				text = format.Duration(trial.Probes.Worst(trial.Attacks[i].From, trial.Attacks[i].Until))
			}
			row = append(row, text)
		}
		row = append(row, format.Duration(quietWorst(trial)), format.Thousands(float64(trial.Probes.Failed())))
		t.Rows = append(t.Rows, row)
	}
	return t
}

// quietWorst returns the longest response time of probes between the attacks.
func quietWorst(t *results.Trial) (worst time.Duration) {
	for i := range t.Probes.Steps {
		at := time.Duration(i) * t.Probes.Step
		during := slices.ContainsFunc(t.Attacks, func(a results.Attack) bool { return at >= a.From && at < a.Until })
		if !during {
			worst = max(worst, t.Probes.Steps[i].Worst)
		}
	}
	return worst
}
