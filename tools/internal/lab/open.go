package lab

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/ioflavors/ioflavors/tools/internal/load"
)

// openRates are what every server is offered in the open loop, in requests per
// second, whatever it can do: so response times can be compared, rate by rate.
var openRates = []float64{5_000, 10_000, 20_000, 40_000}

func openWorkloads(mix load.Workload, arrivals load.Arrivals) []load.Workload {
	var all []load.Workload
	for _, rate := range openRates {
		w := mix
		w.Connections, w.Rate, w.Arrivals = 50, rate, cmp.Or(arrivals, load.Constant)
		all = append(all, w)
	}
	return all
}

// openDrain is how long the requests of an overloaded server are waited for.
const openDrain = 500 * time.Millisecond

// OpenSummary is a server's response time at a given rate: the valid rounds
// together.
type OpenSummary struct {
	Server   string `json:"server"`
	Workload int    `json:"workload"` // of the plan's open ones, counted from 0
	Rounds   int    `json:"rounds"`   // that were valid
	// MedianRounds are those and the void ones whose median stands
	// (load.Result.MedianStands), and P50 the median of them together.
	MedianRounds int           `json:"median_rounds"`
	P50          time.Duration `json:"p50_ns"`
	// Void is how many rounds were not, and Reason why one of them was not.
	Void   int    `json:"void"`
	Reason string `json:"reason,omitempty"`
	// Kept: it answered nearly all that was due, in each of MedianRounds.
	Kept bool `json:"kept"`
	// Response and Service are merged from the valid rounds.
	Response   load.Times `json:"response"`
	Service    load.Times `json:"service"`
	Errors     int64      `json:"errors"` // of all rounds
	FirstError string     `json:"first_error,omitempty"`
}

// openCell measures one of the open workloads. A server that serves one client
// at a time gets it from one.
func (b *run) openCell(ctx context.Context, s *Server, p *process, round, workload int) error {
	plan := b.results.Plan
	cell, err := b.offer(ctx, s, p, plan.Open[workload], plan.OpenCell, plan.openSeed(round, workload))
	if err != nil {
		return err
	}
	cell.Round, cell.Workload = round, workload
	b.results.Open = append(b.results.Open, cell)
	return nil
}

// offer loads a server in an open loop.
func (b *bench) offer(ctx context.Context, s *Server, p *process, w load.Workload, duration time.Duration, seed uint64) (Cell, error) {
	if s.OneAtATime {
		w.Connections = 1
	}
	cell := Cell{Server: s.Name}
	err := b.measure(p, &cell, func(begin, end func()) (err error) {
		cell.Load, err = load.Run(ctx, load.Config{
			Addr:     p.addr,
			Workload: s.told(w),
			Warmup:   b.results.Plan.Warmup / 2,
			Duration: duration,
			Drain:    openDrain,
			Ceiling:  b.results.ceilingOf(w),
			Spin:     b.pins.on,
			Seed:     seed,
			Begin:    begin,
			End:      end,
		})
		return err
	})
	voidStarved(&cell.Load, cell.besides())
	return cell, err
}

// summarizeOpen returns a summary for each server and open workload that was
// measured.
func summarizeOpen(servers []*Server, plan Plan, cells []Cell) ([]OpenSummary, error) {
	var all []OpenSummary
	for _, s := range servers {
		for w := range plan.Open {
			sum := OpenSummary{Server: s.Name, Workload: w, Kept: true}
			var response, service, medians []load.Times
			for _, c := range cells {
				if c.Server != s.Name || c.Workload != w {
					continue
				}
				sum.Errors += c.Load.Errors.Count()
				if sum.FirstError == "" {
					sum.FirstError = c.Load.Errors.First
				}
				if c.Load.MedianStands() {
					sum.MedianRounds++
					sum.Kept = sum.Kept && c.Load.Kept()
					medians = append(medians, c.Load.Response)
				}
				if len(c.Load.Void) > 0 {
					sum.Void++
					sum.Reason = c.Load.Void[0]
					continue
				}
				sum.Rounds++
				response, service = append(response, c.Load.Response), append(service, c.Load.Service)
			}
			if sum.Rounds+sum.Void == 0 {
				continue
			}
			var err error
			if sum.Response, err = load.Merge(response...); err != nil {
				return nil, err
			}
			if sum.Service, err = load.Merge(service...); err != nil {
				return nil, err
			}
			median, err := load.Merge(medians...)
			if err != nil {
				return nil, err
			}
			sum.P50 = median.P50
			all = append(all, sum)
		}
	}
	return all, nil
}

func (r *Results) OpenSummaryOf(server string, workload int) *OpenSummary {
	i := slices.IndexFunc(r.OpenSummary, func(s OpenSummary) bool { return s.Server == server && s.Workload == workload })
	if i < 0 {
		return nil
	}
	return &r.OpenSummary[i]
}

// The marks of the open loop's table.
const (
	voidMark     = "VOID"
	overloadMark = "▲"
)

// latencies is the table of the open loop.
func latencies(r *Results) *grid {
	g := &grid{caption: "How long users wait: response times in an open loop", columns: []column{{"", "MODEL"}}}
	for _, w := range r.Plan.Open {
		group := thousands(w.Rate) + "/s"
		g.columns = append(g.columns, column{group, "P50"}, column{group, "P99"})
	}
	for _, s := range r.Servers {
		if unmeasured(r, s) {
			continue
		}
		name := s.Name
		if s.OneAtATime {
			name += " *"
		}
		cells := []string{name}
		for i := range r.Plan.Open {
			p50, p99 := absent, absent
			if sum := r.OpenSummaryOf(s.Name, i); sum != nil {
				mark := ""
				if !sum.Kept {
					mark = overloadMark
				}
				p50, p99 = voidMark, voidMark
				if sum.MedianRounds > 0 {
					p50 = mark + latency(sum.P50)
				}
				if sum.Rounds > 0 {
					p99 = mark + latency(sum.Response.P99)
				}
			}
			cells = append(cells, p50, p99)
		}
		g.rows = append(g.rows, row{cells: cells})
	}
	return g
}

// openNotes explains the table of the open loop.
func openNotes(r *Results) []string {
	if len(r.OpenSummary) == 0 {
		return nil
	}
	notes := []string{"Response times at rates that are the same for all, over 50 connections (* over one: it serves no second), " +
		"counted from when each request was due: here latencies may be compared."}
	void, of, medians, reason, overloaded := 0, 0, 0, "", false
	for _, s := range r.OpenSummary {
		void, of, medians = void+s.Void, of+s.Void+s.Rounds, medians+s.MedianRounds-s.Rounds
		if s.Reason != "" {
			reason = s.Reason
		}
		overloaded = overloaded || s.MedianRounds > 0 && !s.Kept
		if s.Errors > 0 {
			notes = append(notes, fmt.Sprintf("!  %s, at %s requests/s: %s; the first: %s",
				s.Server, thousands(r.Plan.Open[s.Workload].Rate), count(int(s.Errors), "error"), s.FirstError))
		}
	}
	if overloaded {
		notes = append(notes, overloadMark+"  it did not keep the rate: a queue grew, and the times would be longer in a longer run.")
	}
	if void > 0 {
		but := ""
		if medians > 0 {
			but = fmt.Sprintf(", but for the medians of %d in which it was late with few requests only", medians)
		}
		notes = append(notes, fmt.Sprintf("VOID: %d of %d cells of the open loop say more about the load generator, or about what else ran, than about the server, and are left out%s; one reason: %s.",
			void, of, but, reason))
	}
	return notes
}
