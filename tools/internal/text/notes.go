package text

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/ioflavors/ioflavors/tools/internal/format"
	"github.com/ioflavors/ioflavors/tools/internal/load"
	"github.com/ioflavors/ioflavors/tools/internal/results"
	"github.com/ioflavors/ioflavors/tools/internal/timesplit"
)

// carefulRounds is how many rounds are more than an indication.
const carefulRounds = 6

// Notes explains the marks in the tables, and what the figures can and cannot tell.
func Notes(r *results.Results) []string {
	var notes []string
	add := func(format string, args ...any) { notes = append(notes, fmt.Sprintf(format, args...)) }
	some := func(is func(results.Summary) bool) bool { return slices.ContainsFunc(r.Summary, is) }

	if len(r.Summary) > 0 {
		advice := "Rates and latencies are those of a closed loop, in which each server runs at its own full load: do not rank latencies at unequal rates."
		if !r.Running() {
			advice = "Compare servers by CPU per request: it depends least on what else the machine does, and holds where the load is the limit. " + advice
		}
		add("%s", advice)
	}
	if some(func(s results.Summary) bool { return s.GeneratorLimited }) {
		add("≥  the load generator used over %.0f %% of its core, or the rate is over %.0f %% of its ceiling: the server may be able to do more.",
			load.GeneratorLimit*100, load.CeilingLimit*100)
	}
	if some(func(s results.Summary) bool { return s.P99 == 0 }) {
		add("–  too few requests for this figure.")
	}
	if some(func(s results.Summary) bool { return r.Server(s.Server).OneAtATime }) {
		add("*  the server serves one client at a time: the others waited all the while, and the rate is that one client's.")
	}
	var hidden []string
	for _, s := range r.Summary {
		if hides(r, s) {
			hidden = append(hidden, fmt.Sprintf("%.0f %% of the requests in flight (%s, %s)", s.Hidden*100, s.Server, WorkloadName(r.Plan.Workloads[s.Workload])))
		}
	}
	if len(hidden) > 0 {
		add("~  some requests waited longer than a cell, so they are in no percentile: %s.", strings.Join(hidden, ", "))
	}
	if note := voidNote(r.Runs, r.Again); note != "" {
		add("%s", note)
	}
	for _, s := range r.Summary {
		if s.Errors > 0 {
			add("!  %s, %s: %s; the first: %s", s.Server, WorkloadTitle(r.Plan.Workloads[s.Workload]), format.Count(int(s.Errors), "error"), s.FirstError)
		}
	}
	notes = slices.Concat(notes, conformanceNotes(r), openNotes(r), idleNotes(r), syscallNotes(r), TimeNotes(r), timesplit.Why(r), claimNotes(r), capacityNotes(r), trustNotes(r))
	notes = slices.Concat(notes, peerNotes(r), unavailableNotes(r))
	for _, s := range r.Servers {
		if s.DNF != "" {
			add("DNF  %s: %s", s.Name, s.DNF)
		}
	}
	if worst := widest(r); worst != nil && worst.Cost.Spread > 0 {
		indicative := ""
		if worst.Rounds < carefulRounds {
			indicative = "Only an indication, because the rounds are few. "
		}
		add("%sMedians of %s; CPU per request differed between them by %.0f %% at most (%s, %s).", indicative,
			format.Count(r.Plan.Rounds, "round"), worst.Cost.Spread*100, worst.Server, WorkloadName(r.Plan.Workloads[worst.Workload]))
	}
	if len(r.Summary) > 0 && r.Environment.Cores == 1 && !r.Running() {
		add("One core: server and load share it, so rates are lower than they could be, and busy waiting looks worse.")
	}
	if !r.Running() && some(func(s results.Summary) bool { return s.Cost == nil && s.Rate > 0 }) {
		add("n/a  not available: on %s the lab cannot tell what another process uses.", r.Environment.OS)
	}
	return notes
}

// voidNote counts the void cells of the closed loop, and says why one of them is void.
// Void cells stay in the medians, because server CPU per request does not depend on
// when requests come.
func voidNote(all ...[]results.Cell) string {
	void, of, reason := results.VoidCells(all...)
	if void == 0 {
		return ""
	}
	return fmt.Sprintf("VOID: in %d of %d cells of the closed loop rates are lower and times longer than the server's; one reason: %s.", void, of, reason)
}

// trustNotes say how far to trust the figures.
func trustNotes(r *results.Results) []string {
	var notes []string
	add := func(format string, args ...any) { notes = append(notes, fmt.Sprintf(format, args...)) }
	if p := r.StallCheck; p != nil && p.Shows() {
		add("Stall check: %s was stopped for %v. The open loop's p99 shows the stop, %s; a closed loop beside it hid the stop, %s.",
			p.Server, p.Stopped, format.Latency(p.Open.Response.P99), format.Latency(p.Closed.Response.P99))
	} else if p != nil {
		add("DO NOT TRUST THIS RUN: %s was stopped for %v, and the open loop's p99 is %s.", p.Server, p.Stopped, format.Latency(p.Open.Response.P99))
	}
	if note := excessNote(r); note != "" {
		add("%s", note)
	}
	if len(r.Noise) > 0 {
		var each []string
		for _, n := range r.Noise {
			each = append(each, fmt.Sprintf("%.0f %% (%s)", n.CPU*100, WorkloadName(r.Plan.Workloads[n.Workload])))
		}
		add("A/A: %s was measured twice, as if it were two servers. These differ by %s in CPU per request; smaller differences mean nothing.",
			r.Noise[0].Server, strings.Join(each, ", "))
	}
	if note := paceNote(r); note != "" {
		add("%s", note)
	}
	if p := r.Environment.Pauses; p.Share > PauseShare {
		add("This machine took the load's core away %s times a second, for %v (median), %.1f %% of the time, while nothing else ran. No time measured here can be better than that.",
			format.Thousands(p.PerSecond), p.Median.Round(time.Microsecond), p.Share*100)
	}
	stolen := 0
	for _, c := range slices.Concat(r.Runs, r.Open, r.Again) {
		if c.Steal != nil && *c.Steal > results.DisturbedShare {
			stolen++
		}
	}
	if stolen > 0 {
		add("In %d cells the host took over %.0f %% of the CPU time (steal).", stolen, results.DisturbedShare*100)
	}
	for _, what := range r.NotMeasured {
		add("NOT MEASURED: %s.", what)
	}
	return notes
}

// excessNote warns of measurements with more CPU time than the cores have, which must
// be the lab's fault. It is empty if there are none.
func excessNote(r *results.Results) string {
	wrong, all, first := 0, 0, ""
	look := func(server string, used *results.Resources) {
		share, known := used.Share()
		if !known {
			return
		}
		if all++; used.Excess() > 0 {
			if wrong++; wrong == 1 {
				first = fmt.Sprintf("%s, %s of %s, where the clocks can be wrong by %s", server, format.Percent(share),
					format.Count(used.Cores, "core"), format.Percent(used.Uncertainty.Seconds()/used.Window.Seconds()))
			}
		}
	}
	for _, c := range slices.Concat(r.Runs, r.Open, r.Again) {
		look(c.Server, c.Resources)
	}
	for _, c := range r.Idle {
		look(c.Server, c.Resources)
	}
	for _, t := range r.Trials {
		look(t.Server, t.Resources)
	}
	if wrong == 0 {
		return ""
	}
	return fmt.Sprintf("DO NOT TRUST THIS RUN: in %d of %d measurements a server used more CPU time than its cores have; the first: %s.", wrong, all, first)
}

// PauseShare is the share of the time in pauses that is worth a note.
const PauseShare = 0.005

// widest returns the summary whose CPU figures are furthest apart.
func widest(r *results.Results) *results.Summary {
	var worst *results.Summary
	for i := range r.Summary {
		s := &r.Summary[i]
		if s.Cost != nil && s.Rounds > 1 && (worst == nil || s.Cost.Spread > worst.Cost.Spread) {
			worst = s
		}
	}
	return worst
}

// Wrap breaks text into lines of at most width characters. All lines but the first are
// indented.
func Wrap(text string, width int, indent string) string {
	var out strings.Builder
	for i, line := range strings.Split(text, "\n") {
		if i > 0 {
			out.WriteString("\n")
		}
		used := 0
		for j, word := range strings.Split(line, " ") {
			n := utf8.RuneCountInString(word)
			switch {
			case j == 0:
			case used+1+n > width:
				out.WriteString("\n" + indent)
				used = len(indent)
			default:
				out.WriteString(" ")
				used++
			}
			out.WriteString(word)
			used += n
		}
	}
	return out.String()
}

// conformanceNotes count the rules that were not judged.
func conformanceNotes(r *results.Results) (notes []string) {
	for _, s := range r.Servers {
		if s.Rules == nil || len(s.Rules.NotJudged) == 0 {
			continue
		}
		first := s.Rules.NotJudged[0]
		notes = append(notes, fmt.Sprintf("?  %s: %s of %d not judged, because this machine was busy; the first: %s: %s",
			s.Name, format.Count(len(s.Rules.NotJudged), "rule"), s.Rules.Total, first.Rule, first.Reason))
	}
	return notes
}

// peerNotes explain the peers, and which rules they were not checked against.
func peerNotes(r *results.Results) []string {
	var notes []string
	if slices.ContainsFunc(r.Servers, func(s *results.Server) bool { return s.Peer }) {
		notes = append(notes, "peer  a server for comparison: another project's program, or one on another project's library. One on a library has this project's codec, handler "+
			"and store, but none of its limits, timeouts, bounds on memory and counters, so it does less work.")
	}
	for _, s := range r.Servers {
		switch {
		case s.Protocol == load.FromFile:
			notes = append(notes, fmt.Sprintf("%s is not checked against the rules, because those are of this project's protocol. Each exchange was tried once before, and each of its replies is checked; check --exchanges tries the rules about transport.", s.Name))
		case !s.Ours():
			notes = append(notes, fmt.Sprintf("%s speaks %s. It is not checked against the rules, because those are of this project's protocol; each of its replies is checked.", s.Name, s.Protocol))
		}
		for _, rule := range slices.Sorted(maps.Keys(s.Exceptions)) {
			notes = append(notes, fmt.Sprintf("%s is not checked against the rule %s: %s.", s.Name, rule, s.Exceptions[rule]))
		}
	}
	return notes
}

// unavailableNotes name the servers that are not available here, and why.
func unavailableNotes(r *results.Results) (notes []string) {
	for _, s := range r.Servers {
		if s.Unavailable != "" {
			notes = append(notes, UnavailableMark+"  "+s.Name+": "+s.Unavailable+". It was started once, and left out.")
		}
	}
	return notes
}

// UnavailableMark is the remark on a server that this system cannot run.
const UnavailableMark = string(results.NotAvailable)
