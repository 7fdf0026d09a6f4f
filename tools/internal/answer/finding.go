package answer

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/ioflavors/ioflavors/tools/internal/models"
	"github.com/ioflavors/ioflavors/tools/internal/results"
)

// subject is a server that the words are about: of our models' variants, the first one
// that was measured.
type subject struct {
	*results.Server
	complexity int // of our models; 0: not known
	cells      map[ID]Cell
}

func (s subject) is(id ID, g Grade) bool { return s.cells[id].Grade == g && s.cells[id].Known }

// subjects returns the servers that were measured, in their order.
func subjects(r *results.Results, a *Answer) (all []subject) {
	seen := make(map[string]bool)
	for i, s := range r.Servers {
		name := s.Name
		if !s.Foreign || s.Linked {
			name = s.Model()
		}
		if seen[name] || s.Out() {
			continue
		}
		seen[name] = true
		one := subject{Server: s, complexity: models.VariantOf(s.Target).Complexity, cells: make(map[ID]Cell)}
		for j, c := range a.Columns {
			one.cells[c.ID] = a.Rows[i].Cells[j]
		}
		all = append(all, one)
	}
	return all
}

// conclude says in words what the table shows. The rows are still in the servers' order.
func conclude(r *results.Results, a *Answer) {
	all := subjects(r, a)
	several := slices.DeleteFunc(slices.Clone(all), func(s subject) bool { return s.OneAtATime })
	cheapest := together(all, a)
	var clauses []string
	add := func(text string) { clauses = append(clauses, text) }

	measured := with(all, CPU, Best, Fair, Hurts)
	switch {
	case len(measured) == 0 || len(cheapest) == 0:
	case len(measured) == 1:
		add(fmt.Sprintf("%s answers a request for %s of CPU", names(cheapest), cheapest[0].cells[CPU].Text))
	case len(cheapest) == len(measured):
		add(fmt.Sprintf("%s need about the same CPU per request", names(cheapest)))
	default:
		add(fmt.Sprintf("%s %s the least CPU per request", names(cheapest), verb(cheapest, "needs", "need")))
	}
	if len(cheapest) == 0 {
		if soonest := with(several, Waiting, Best); len(soonest) > 0 && len(soonest) < len(with(several, Waiting, Best, Fair, Hurts)) {
			add(fmt.Sprintf("%s %s soonest", names(soonest), verb(soonest, "answers", "answer")))
		}
	}
	tolerant := tolerantOf(several, cheapest)
	if len(tolerant) > 0 {
		add(fmt.Sprintf("%s %s more and %s fast beside a slow handler", names(tolerant), verb(tolerant, "needs", "need"), verb(tolerant, "stays", "stay")))
	}
	burning := with(all, Idle, Hurts)
	if len(burning) > 0 {
		add(fmt.Sprintf("%s %s a core while idle", names(burning), verb(burning, "burns", "burn")))
	}
	stopped := with(all, Client, Hurts)
	if len(stopped) > 0 && len(clauses) < 3 {
		begin := "one"
		if len(clauses) == 0 {
			begin = "One"
		}
		add(fmt.Sprintf("%s slow client stops all others of %s", begin, names(stopped)))
	}
	finding := strings.Join(clauses, "; ")
	switch {
	case finding != "":
	case r.Running():
		finding = fromOutside(all, a.Columns[0])
	case len(measured) == 0:
		finding = "What a request costs was not measured"
	case len(cheapest) == 0:
		finding = "This machine was too busy to tell the servers apart"
	default:
		finding = "Nothing that was measured tells the servers apart"
	}
	a.Finding = finding + "."
	a.Advice = advice(several, cheapest, tolerant)
	a.Lead = sentences(r, cheapest, tolerant, burning, stopped)
}

// fromOutside is the finding on servers that run already, and of which none answers sooner
// than the others.
func fromOutside(all []subject, waiting Column) string {
	known := with(all, Waiting, Best, Fair, Hurts)
	switch {
	case len(known) == 0:
		return "No response time is known"
	case len(all) == 1:
		share := "99 of 100 requests"
		if strings.HasSuffix(waiting.Name, "median") {
			share = "half of the requests"
		}
		return fmt.Sprintf("%s answers %s within %s %s", names(all), share, known[0].cells[Waiting].Text, waiting.Under)
	default:
		return "No server answers sooner than the others"
	}
}

// together returns the servers that need the least CPU per request, and those that need
// little more; none if no figure is the best one. A smaller difference is real on a quiet
// machine. But it should decide no choice, and on another machine, or in another run, the
// order may be another one.
func together(all []subject, a *Answer) (cheapest []subject) {
	least := math.Inf(1)
	for _, row := range a.Rows {
		for i, c := range row.Cells {
			if a.Columns[i].ID == CPU && c.Grade == Best {
				least = min(least, c.Value)
			}
		}
	}
	if math.IsInf(least, 1) {
		return nil
	}
	for _, s := range all {
		if c := s.cells[CPU]; c.Known && len(c.sample) > 0 && (c.Grade == Best || c.Value <= least*(1+cpuTogether)) {
			cheapest = append(cheapest, s)
		}
	}
	return cheapest
}

// tolerantOf returns the servers that stay fast beside a slow handler, if none of the
// cheapest ones does.
func tolerantOf(several, cheapest []subject) (all []subject) {
	if len(cheapest) == 0 || len(with(cheapest, Handler, Hurts)) < len(cheapest) {
		return nil
	}
	for _, s := range with(several, Handler, Best) {
		if s.cells[CPU].Known && len(s.cells[CPU].sample) > 0 {
			all = append(all, s)
		}
	}
	return all
}

// sentences returns the figures of the finding.
func sentences(r *results.Results, cheapest, tolerant, burning, stopped []subject) (lead []Sentence) {
	about := func(of []subject, text string) { lead = append(lead, Sentence{names(of), text + "."}) }
	if len(cheapest) > 0 {
		text := fmt.Sprintf("%s %s of CPU for a request", verb(cheapest, "pays", "pay"), span(cheapest, CPU))
		if memory := span(cheapest, Memory); memory != "" {
			text += " and " + memory + " of memory for an idle client"
		}
		if late := with(cheapest, Handler, Hurts); len(late) == len(cheapest) {
			text += "; one slow handler delays all clients (p99 " + span(cheapest, Handler) + ")"
		}
		about(cheapest, text)
	}
	for _, s := range tolerant {
		text := fmt.Sprintf("pays %s for a request", more(s.cells[CPU].Value/cheapestOf(cheapest).cells[CPU].Value))
		if memory := span([]subject{s}, Memory); memory != "" {
			text += " and " + memory + " for an idle client"
		}
		about([]subject{s}, text+", and answers cheap requests within "+s.cells[Handler].Text+" (p99) beside a slow handler")
	}
	if len(burning) > 0 {
		about(burning, fmt.Sprintf("%s %s of a core while all clients are silent", verb(burning, "uses", "use"), span(burning, Idle)))
	}
	if len(stopped) > 0 {
		about(stopped, fmt.Sprintf("%s all others waiting for as long as one client is slow", verb(stopped, "keeps", "keep")))
	}
	if len(cheapest) > 0 && len(r.Servers) > 1 {
		text := fmt.Sprintf("A difference of CPU below %.0f %% should decide nothing; ● marks what this run cannot tell from the best", 100*cpuTogether)
		if len(r.Noise) > 0 {
			text += fmt.Sprintf(": the same server, measured twice, differed by %s", aa(r))
		}
		lead = append(lead, Sentence{Text: text + "."})
	}
	return lead
}

// advice names the server to take: the simplest of those that need the least CPU, serve
// several clients, and have no figure that is likely to hurt but beside a slow handler.
// Nothing is known of the simplicity of other servers than ours: they come last. Beside it
// stands the cheapest one that bears slow handlers.
func advice(several, cheapest, tolerant []subject) string {
	var best *subject
	for i, s := range several {
		if !slices.ContainsFunc(cheapest, func(c subject) bool { return c.Server == s.Server }) || s.is(Idle, Hurts) || s.is(Client, Hurts) || s.is(Memory, Hurts) || s.is(Waiting, Hurts) {
			continue
		}
		if best == nil || s.complexity > 0 && (best.complexity == 0 || s.complexity < best.complexity) {
			best = &several[i]
		}
	}
	if best == nil || len(several) < 2 {
		return ""
	}
	text := fmt.Sprintf("Take %s", best.Name)
	switch cheap := cheapestOf(tolerant); {
	case cheap != nil:
		text += fmt.Sprintf(" if all handlers are quick, and %s if some are slow", cheap.Name)
	case best.is(Handler, Best):
		text += ", also if some handlers are slow"
	}
	return text + "."
}

func cheapestOf(all []subject) (best *subject) {
	for i, s := range all {
		if best == nil || s.cells[CPU].Value < best.cells[CPU].Value {
			best = &all[i]
		}
	}
	return best
}

// with returns the servers with one of the grades in a column, and with a figure.
func with(all []subject, id ID, grades ...Grade) (some []subject) {
	for _, s := range all {
		if s.cells[id].Known && slices.Contains(grades, s.cells[id].Grade) {
			some = append(some, s)
		}
	}
	return some
}

// names lists the servers.
func names(all []subject) string {
	var list []string
	for _, s := range all {
		list = append(list, s.Name)
	}
	switch n := len(list); n {
	case 0:
		return ""
	case 1:
		return list[0]
	default:
		return strings.Join(list[:n-1], ", ") + " and " + list[n-1]
	}
}

func verb(all []subject, one, several string) string {
	if len(all) == 1 {
		return one
	}
	return several
}

// span writes the servers' figures in a column: "3.40–3.62 µs"; "": not all have one.
func span(all []subject, id ID) string {
	var least, most Cell
	for i, s := range all {
		c := s.cells[id]
		if !c.Known {
			return ""
		}
		if i == 0 || c.Value < least.Value {
			least = c
		}
		if i == 0 || c.Value > most.Value {
			most = c
		}
	}
	if least.Text == most.Text {
		return least.Text
	}
	number, unit, _ := strings.Cut(least.Text, " ")
	if strings.HasSuffix(most.Text, " "+unit) {
		return number + "–" + most.Text
	}
	return least.Text + "–" + most.Text
}

// more writes a quotient of two costs: "20 % more", "2.4 times as much".
func more(quotient float64) string {
	if quotient >= 2 {
		return fmt.Sprintf("%.1f times as much", quotient)
	}
	return fmt.Sprintf("%.0f %% more", 100*(quotient-1))
}

// aa writes the differences of the A/A run.
func aa(r *results.Results) string {
	least, most := r.Noise[0].CPU, r.Noise[0].CPU
	for _, n := range r.Noise {
		least, most = min(least, n.CPU), max(most, n.CPU)
	}
	if from, to := fmt.Sprintf("%.1f", 100*least), fmt.Sprintf("%.1f", 100*most); from != to {
		return from + "–" + to + " %"
	}
	return fmt.Sprintf("%.1f %%", 100*most)
}
