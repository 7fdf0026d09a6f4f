package claims

import (
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/ioflavors/ioflavors/tools/internal/format"
	"github.com/ioflavors/ioflavors/tools/internal/report/plot"
	"github.com/ioflavors/ioflavors/tools/internal/results"
)

// trend is a measure against the number that was varied.
type trend struct {
	measure
	against string // what Trial.X counts
}

// value is a measure at an x.
type value struct{ x, y float64 }

// values returns a server's values in ascending order of x: medians of the repeats.
func (m measure) values(trials []results.Trial, server string) (all []value) {
	repeats := make(map[float64][]float64)
	for _, t := range trials {
		if y, known := m.of(t); known && t.Server == server && t.X >= 0 {
			repeats[t.X] = append(repeats[t.X], y)
		}
	}
	for _, x := range slices.Sorted(maps.Keys(repeats)) {
		all = append(all, value{x, results.Median(repeats[x])})
	}
	return all
}

// varied reports whether the measure is known at two values of x above 0, so that
// there is a line.
func (m measure) varied(trials []results.Trial) bool {
	all := make(map[float64]bool)
	for _, t := range trials {
		if _, known := m.of(t); known && t.X > 0 {
			all[t.X] = true
		}
	}
	return len(all) >= 2
}

// trendOf chooses the measure to show. ok is false if nothing was varied.
func trendOf(e *results.Statement, trials []results.Trial) (chosen trend, ok bool) {
	about, special := measureOf(e.Shows, trials)
	special = special && e.Against != ""
	chosen = trend{about, e.Against}
	if special && chosen.varied(trials) {
		return chosen, true
	}
	if !special {
		if !swept(trials) {
			return trend{}, false
		}
		chosen.against = "connections"
	}
	names := make(map[string]bool)
	for _, t := range trials {
		for name := range t.Figures {
			names[name] = true
		}
	}
	all := slices.Clone(usual)
	for _, name := range slices.Sorted(maps.Keys(names)) {
		all = append(all, results.Measure(name))
	}
	for _, name := range all {
		if m, known := measureOf(name, trials); known && m.varied(trials) {
			chosen.measure = m
			return chosen, true
		}
	}
	return trend{}, false
}

// swept reports whether x was varied: no two cases have the same x above 0.
func swept(trials []results.Trial) bool {
	cases := make(map[float64]string)
	for _, t := range trials {
		if other, known := cases[t.X]; known && other != t.Case && t.X > 0 {
			return false
		}
		cases[t.X] = t.Case
	}
	return true
}

// trendFigures show how a measure changes with x: a panel for each server.
func trendFigures(r *results.Results, e *results.Statement, slug string) []*plot.Figure {
	trials := trialsOf(r, e.ID)
	t, ok := trendOf(e, trials)
	if !ok {
		return nil
	}
	lines := make(map[string][]value)
	var xs, ys []float64
	for _, s := range r.Servers {
		if line := t.values(trials, s.Name); len(line) > 0 {
			lines[s.Name] = line
		}
		for _, v := range lines[s.Name] {
			xs, ys = append(xs, v.x), append(ys, v.y)
		}
	}
	y, ok := plot.Fitting(ys, plot.PanelHeight, 4)
	if !ok {
		return nil
	}
	slices.Sort(xs)
	xs = slices.Compact(xs)
	// The logarithm of one more has a place for 0.
	from, to := math.Log1p(xs[0]), math.Log1p(xs[len(xs)-1])
	x := func(v float64) float64 { return 8 + (plot.PanelWidth-20)*(math.Log1p(v)-from)/(to-from) }
	p := plot.Picture{ID: "trend-" + slug, Title: fmt.Sprintf("%s · %s by %s", e.ID, t.head(), t.against)}
	f := &plot.Figure{ID: p.ID, Table: trendTable(r, t, lines, xs), Remarks: voidRuns(trials)}
	var servers []int
	for i, s := range r.Servers {
		if lines[s.Name] != nil {
			servers = append(servers, i)
		}
	}
	var xLabels []plot.Label
	for _, v := range xs {
		xLabels = append(xLabels, plot.Label{At: x(v), Text: format.Compact(v)})
	}
	xLabels = plot.Apart(xLabels, 30)
	yLabels := plot.Apart(t.labels(y), 15)
	foot := t.against + ", log scale"
	p.Desc = fmt.Sprintf("A plot for each server, all with the same axes: %s against %s, which is on a logarithmic axis.", t.head(), t.against)
	if !y.Even() {
		foot = t.against + " · log scales"
		p.Desc += " The other axis is logarithmic, too."
	}
	f.Draw(p, func(p *plot.Picture) {
		p.Heading(format.Clip(p.Title, plot.TitleLetters))
		for i, number := range servers {
			pl := p.Panel(i, len(servers), xLabels, yLabels)
			line := func(server int) (all []plot.Spot) {
				for _, v := range lines[r.Servers[server].Name] {
					all = append(all, plot.Spot{X: pl.Left + x(v.x), Y: pl.Top + y.At(v.y)})
				}
				return all
			}
			for _, other := range servers {
				if other != number {
					p.Polyline("faint", line(other))
				}
			}
			mine := line(number)
			p.Polyline(plot.Class("curve", number), mine)
			for _, at := range mine {
				p.Shape(plot.Class("full", number), number, at.X, at.Y)
			}
			name := r.Servers[number].Name
			p.PanelHead(pl, number, name, t.ends(lines[name]))
		}
		p.PanelsEnd(len(servers), foot, p.LineSign("curve c0", format.Clip(t.head(), 24)), p.LineSign("faint", "others"))
	})
	return []*plot.Figure{f}
}

// ends writes a line's first and last value.
func (t trend) ends(line []value) string {
	first, last := format.Amount(line[0].y, t.unit), format.Amount(line[len(line)-1].y, t.unit)
	if first == last {
		return first
	}
	return first + " → " + last
}

// labels are round numbers, without a unit unless they are times.
func (m measure) labels(y plot.Scale) []plot.Label {
	return y.Labels(func(v float64) string {
		text, _ := format.TickOf(v, m.unit)
		return text
	})
}

func trendTable(r *results.Results, t trend, lines map[string][]value, xs []float64) plot.Table {
	all := plot.Table{Caption: fmt.Sprintf("%s by %s", t.name, t.against), Head: []string{"model"}}
	for _, x := range xs {
		all.Head = append(all.Head, format.Number(x))
	}
	for _, s := range r.Servers {
		if lines[s.Name] == nil {
			continue
		}
		row := []string{s.Name}
		for _, x := range xs {
			text := format.Absent
			for _, v := range lines[s.Name] {
				if v.x == x {
					text = format.Amount(v.y, t.unit)
				}
			}
			row = append(row, text)
		}
		all.Rows = append(all.Rows, row)
	}
	return all
}
