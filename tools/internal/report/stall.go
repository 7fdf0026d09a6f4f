package report

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/ioflavors/ioflavors/tools/internal/format"
	"github.com/ioflavors/ioflavors/tools/internal/results"
)

// The picture of a stall: a row for each server, one above the other, on the same
// axis of time.
const (
	stallLeft  = 56 // room for the labels of the axis
	stallRight = width - margin
	stallHead  = 26 // room for a name
	stallHigh  = 44
	stallRow   = stallHead + stallHigh
	// stallLine is between two lines of an attack's name, and stallLetter how
	// wide a letter is in it.
	stallLine, stallLetter = 14, 7
	// stallLetters are all that fit above a row.
	stallLetters = 37
)

func timelineLength(t *results.Timeline) time.Duration { return time.Duration(len(t.Steps)) * t.Step }

// stallFigures show what probes met while a client misbehaved: one for each
// case in which there were both.
func stallFigures(r *results.Results, e *results.Statement, c results.Claim, slug string) (all []*figure) {
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

// stall is what is in one picture.
type stall struct {
	experiment *results.Statement
	claim      results.Claim
	name       string // of the case; empty: there is one
	trials     []results.Trial
	length     time.Duration
	y          scale
}

// at is a time's place.
func (s *stall) at(t time.Duration) float64 {
	share := float64(t) / float64(s.length)
	return stallLeft + (stallRight-stallLeft)*min(max(share, 0), 1)
}

// trial returns a server's first run, and how many there are.
func (s *stall) trial(server string) (first *results.Trial, n int) {
	for i := range s.trials {
		if s.trials[i].Server == server {
			first = cmp.Or(first, &s.trials[i])
			n++
		}
	}
	return first, n
}

func (s *stall) figure(r *results.Results, id string) *figure {
	p := picture{ID: id, Title: s.experiment.ID + " · " + s.experiment.Title}
	if s.name != "" {
		p.Title += ": " + s.name
	}
	f := &figure{ID: id, Picture: &p, Table: s.table(r)}
	var times []float64
	for _, t := range s.trials {
		s.length = max(s.length, timelineLength(t.Probes))
		for _, m := range t.Probes.Steps {
			times = append(times, float64(m.Worst))
		}
	}
	var ok bool
	if s.y, ok = newScale(times, stallHigh, 0); !ok {
		s.y, _ = newScale([]float64{1e6}, stallHigh, 0) // nobody was answered
	}
	p.text(margin, 16, "start", "title", short(s.experiment.ID+" · "+s.experiment.Title, titleLetters))
	top := 34.0
	if s.name != "" {
		p.text(margin, top, "start", "small value", short(s.name, titleLetters))
		top += 17
	}
	p.text(margin, top, "start", "soft", "how long others wait, by when they come; log scale")
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
	p.Desc = "A row for each server, all on the same axes: the longest response time of probes who come ten times a second each, by the time when they were due, on a logarithmic axis. " +
		"Shaded, and named above: one client misbehaves. A wall: all others wait until it is done. A cross: probes who were not answered."
	return f
}

// names writes above each attack what it is, and returns where the rows begin.
// Where there is no room for names they are numbers, with footnotes.
func (s *stall) names(p *picture, top float64) (below float64, footnotes []string) {
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
			p.text(middle(attacks[i]), top+float64(stallLine*(j+most-len(lines))), "middle", "small value", line)
		}
	}
	if texts == nil {
		var all []label
		for i, a := range attacks {
			all = append(all, label{middle(a), fmt.Sprint(i + 1)})
			footnotes = append(footnotes, fmt.Sprintf("%d: %s", i+1, a.Kind))
		}
		slices.SortStableFunc(all, func(a, b label) int { return cmp.Compare(a.at, b.at) })
		for _, l := range apart(all, 16) {
			p.text(l.at, top, "middle", "small value", l.text)
		}
	}
	return top + float64(stallLine*(most-1)) + 8, footnotes
}

// wrapped breaks a text between words into lines of no more letters. fit is
// false if a word is longer.
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

// row draws a server's.
func (s *stall) row(p *picture, name string, number int, t *results.Trial, top float64) {
	plotTop, base := top+stallHead, top+stallRow
	for _, a := range t.Attacks {
		p.rect("shade", s.at(a.From), top, s.at(a.Until)-s.at(a.From), stallRow)
	}
	rules := timeLabels(s.y)
	for _, l := range rules {
		p.line("rule", stallLeft, plotTop+l.at, stallRight, plotTop+l.at)
	}
	for _, l := range apart(rules, 17) {
		p.text(stallLeft-5, plotTop+l.at+4, "end", "soft", l.text)
	}
	p.line("rule", stallLeft, base, stallRight, base)
	kind := "calm"
	if s.confirmed(name) {
		kind = "wall"
	}
	for _, line := range s.skyline(t.Probes) {
		p.path(kind, skylinePath(line, plotTop, base))
	}
	s.crosses(p, t.Probes, plotTop+2)
	p.shape(modelClass("full", number), number, stallLeft+5, top+12)
	right := longest(t.Probes)
	p.text(stallLeft+15, top+16, "start", "small value", short(name, stallLetters-len([]rune(right))))
	p.text(stallRight, top+16, "end", "small", right)
}

// confirmed reports whether the claim is, of a server.
func (s *stall) confirmed(server string) bool {
	return slices.ContainsFunc(s.claim.Findings, func(f results.Finding) bool {
		return f.Server == server && f.Verdict == results.Confirmed
	})
}

// longest says how long the others waited at most.
func longest(t *results.Timeline) string {
	worst := t.Worst(0, timelineLength(t))
	unanswered := ""
	if n := t.Failed(); n > 0 {
		unanswered = format.Thousands(float64(n)) + " unanswered"
	}
	switch {
	case unanswered == "":
		return "max " + timeOr(worst)
	case worst == 0:
		return unanswered
	default:
		return "max " + duration(float64(worst)) + ", " + unanswered
	}
}

// block is a step of the skyline: as long as a step and as high as its worst.
type block struct{ from, to, y float64 }

// skyline returns the steps in which probes were answered, those that follow
// each other together.
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
		all[last] = append(all[last], block{s.at(from), s.at(from + t.Step), s.y.at(float64(m.Worst))})
	}
	return all
}

func skylinePath(line []block, top, base float64) string {
	var path strings.Builder
	fmt.Fprintf(&path, "M%s %s", coordinate(line[0].from), coordinate(base))
	for _, b := range line {
		fmt.Fprintf(&path, "V%sH%s", coordinate(top+b.y), coordinate(b.to))
	}
	fmt.Fprintf(&path, "V%sz", coordinate(base))
	return path.String()
}

// crosses are where probes were not answered, as many as there is room for.
func (s *stall) crosses(p *picture, t *results.Timeline, y float64) {
	last := math.Inf(-1)
	for i, m := range t.Steps {
		x := s.at(time.Duration(i)*t.Step + t.Step/2)
		if m.Failed > 0 && x-last >= 9 {
			p.cross("mark", x, y)
			last = x
		}
	}
}

// axis writes the time below the rows.
func (s *stall) axis(p *picture, y float64) {
	var all []label
	for _, step := range []time.Duration{100 * time.Millisecond, 500 * time.Millisecond, time.Second, 2 * time.Second, 5 * time.Second, 10 * time.Second, time.Minute} {
		all = nil
		for t := time.Duration(0); t <= s.length; t += step {
			all = append(all, label{s.at(t), fmt.Sprint(t)})
		}
		if len(all) <= 7 {
			break
		}
	}
	for _, l := range apart(all, 30) {
		p.line("rule", l.at, y, l.at, y+4)
		p.text(min(l.at, width-16), y+17, "middle", "soft", l.text)
	}
}

func (s *stall) key(p *picture, y float64, footnotes []string) {
	patch := func(class, text string) sign {
		return sign{func(x, y float64) { p.rect(class, x, y-6, 26, 12) }, text}
	}
	for _, note := range footnotes {
		p.text(margin, y, "start", "soft", short(note, 50))
		y += 17
	}
	signs := []sign{patch("shade", "one client misbehaves")}
	if slices.ContainsFunc(s.trials, func(t results.Trial) bool { return s.confirmed(t.Server) }) {
		signs = append(signs, patch("wall", "others wait for it"))
	}
	if slices.ContainsFunc(s.trials, func(t results.Trial) bool { return !s.confirmed(t.Server) }) {
		text := "they do not"
		if len(s.claim.Findings) == 0 {
			text = "how long others wait"
		}
		signs = append(signs, patch("calm", text))
	}
	if slices.ContainsFunc(s.trials, func(t results.Trial) bool { return t.Probes.Failed() > 0 }) {
		signs = append(signs, sign{func(x, y float64) { p.cross("mark", x+14, y) }, "not answered"})
	}
	p.Height = int(p.key(y, signs...))
}

// table has for each server how long others waited, during each attack and
// otherwise.
func (s *stall) table(r *results.Results) table {
	t := table{Caption: "The longest that others waited who came during each attack, and otherwise; the whole timeline is in results.json", Head: []string{"model"}}
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
				text = timeOr(trial.Probes.Worst(trial.Attacks[i].From, trial.Attacks[i].Until))
			}
			row = append(row, text)
		}
		row = append(row, timeOr(quietWorst(trial)), format.Thousands(float64(trial.Probes.Failed())))
		t.Rows = append(t.Rows, row)
	}
	return t
}

// quietWorst is the longest response time of those who came between the attacks.
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
