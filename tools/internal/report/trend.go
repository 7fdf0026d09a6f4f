package report

import (
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/ioflavors/ioflavors/tools/internal/format"
	"github.com/ioflavors/ioflavors/tools/internal/results"
)

// trend is what an experiment shows against what was varied.
type trend struct {
	measure
	against string // what X counts
}

// measures are those that an experiment can say it is about. Of other experiments
// the first of usual that is known is shown.
var measures = map[results.Measure]measure{
	results.ClientsServed:      servedMeasure,
	results.CPUPerRequest:      cpuMeasure,
	results.SwitchesPerRequest: switchMeasure,
}

var usual = []measure{cpuMeasure, rateMeasure, p99Measure, waitMeasure, memoryMeasure}

// value is a measure at an x.
type value struct{ x, y float64 }

// values returns a server's, by x: where a run was repeated, the median.
func (m measure) values(trials []results.Trial, server string) (all []value) {
	repeats := make(map[float64][]float64)
	for _, t := range trials {
		if y, known := m.of(t); known && t.Server == server && t.X >= 0 {
			repeats[t.X] = append(repeats[t.X], y)
		}
	}
	for _, x := range slices.Sorted(maps.Keys(repeats)) {
		y, _ := median(repeats[x])
		all = append(all, value{x, y})
	}
	return all
}

// varied reports whether there are two values of x above 0 at which the measure
// is known: that is a line.
func (m measure) varied(trials []results.Trial) bool {
	return len(m.xs(trials)) >= 2
}

// xs are the values of x above 0 at which the measure is known.
func (m measure) xs(trials []results.Trial) []float64 {
	all := make(map[float64]bool)
	for _, t := range trials {
		if _, known := m.of(t); known && t.X > 0 {
			all[t.X] = true
		}
	}
	return slices.Sorted(maps.Keys(all))
}

// figureMeasure is one of a trial's further figures.
func figureMeasure(name string) measure {
	return measure{name, "", func(t results.Trial) (float64, bool) {
		y, known := t.Figures[name]
		return y, known && !math.IsNaN(y) && !math.IsInf(y, 0)
	}}
}

// trendOf chooses what to show. ok is false if nothing was varied.
func trendOf(e *results.Statement, trials []results.Trial) (chosen trend, ok bool) {
	about, special := measures[e.Shows]
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
	all := usual
	names := make(map[string]bool)
	for _, t := range trials {
		for name := range t.Figures {
			names[name] = true
		}
	}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		all = append(slices.Clip(all), figureMeasure(name))
	}
	for _, m := range all {
		if m.varied(trials) {
			chosen.measure = m
			return chosen, true
		}
	}
	return trend{}, false
}

// swept reports whether x is what was varied: no two cases have the same.
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

// trendFigures show how a measure changes with x: a plot for each server, with
// the others' lines faint behind its own.
func trendFigures(r *results.Results, e *results.Statement, slug string) []*figure {
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
	y, ok := fitting(ys, plotHeight, 4)
	if !ok {
		return nil
	}
	slices.Sort(xs)
	xs = slices.Compact(xs)
	// From none on: a logarithm, of one more than there are.
	from, to := math.Log1p(xs[0]), math.Log1p(xs[len(xs)-1])
	x := func(v float64) float64 { return 8 + (plotWidth-20)*(math.Log1p(v)-from)/(to-from) }
	p := picture{ID: "trend-" + slug, Title: fmt.Sprintf("%s · %s by %s", e.ID, t.head(), t.against)}
	f := &figure{ID: p.ID, Picture: &p, Table: trendTable(r, t, lines, xs), Remarks: voidRuns(trials)}
	p.text(margin, 16, "start", "title", short(p.Title, titleLetters))
	var servers []string
	for _, s := range r.Servers {
		if lines[s.Name] != nil {
			servers = append(servers, s.Name)
		}
	}
	var xLabels []label
	for _, v := range xs {
		xLabels = append(xLabels, label{x(v), compact(v)})
	}
	xLabels = apart(xLabels, 30)
	yLabels := apart(t.labels(y), 15)
	for i, name := range servers {
		pl := p.frame(i, len(servers), xLabels, yLabels)
		line := func(of string) (all []spot) {
			for _, v := range lines[of] {
				all = append(all, spot{pl.left + x(v.x), pl.top + y.at(v.y)})
			}
			return all
		}
		for _, other := range servers {
			if other != name {
				p.polyline("faint", line(other))
			}
		}
		number := slices.IndexFunc(r.Servers, func(s *results.Server) bool { return s.Name == name })
		mine := line(name)
		p.polyline(modelClass("curve", number), mine)
		for _, at := range mine {
			p.shape(modelClass("full", number), number, at.x, at.y)
		}
		p.head(pl, number, name, t.ends(lines[name]))
	}
	bottom := plotsBottom(len(servers))
	foot := t.against + ", log scale"
	if !y.even {
		foot = t.against + " · log scales"
	}
	p.text(plotLeft+plotWidth, bottom+34, "middle", "soft", foot)
	p.Height = int(p.key(bottom+58, p.lineSign("curve c0", short(t.head(), 24)), p.lineSign("faint", "others")))
	p.Desc = fmt.Sprintf("A plot for each server, all with the same axes: %s against %s, which is on a logarithmic axis.", t.head(), t.against)
	if !y.even {
		p.Desc += " So is what is measured."
	}
	return []*figure{f}
}

// ends says where a line begins and where it comes to.
func (t trend) ends(line []value) string {
	first, last := amount(line[0].y, t.unit), amount(line[len(line)-1].y, t.unit)
	if first == last {
		return first
	}
	return first + " → " + last
}

// labels are round numbers, without a unit unless they are times of several.
func (m measure) labels(y scale) (all []label) {
	unit := m.unit
	if _, isTime := timeUnits[unit]; !isTime {
		unit = ""
	}
	for _, l := range y.labelled() {
		text := compact(l)
		if unit != "" && l > 0 {
			text = tick(l * timeUnits[unit])
		}
		all = append(all, label{y.at(l), text})
	}
	return all
}

func trendTable(r *results.Results, t trend, lines map[string][]value, xs []float64) table {
	all := table{Caption: fmt.Sprintf("%s by %s", t.name, t.against), Head: []string{"model"}}
	for _, x := range xs {
		all.Head = append(all.Head, count(x))
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
					text = amount(v.y, t.unit)
				}
			}
			row = append(row, text)
		}
		all.Rows = append(all.Rows, row)
	}
	return all
}
