package results

import (
	"slices"
	"time"

	"github.com/ioflavors/ioflavors/tools/internal/load"
)

// OpenSummary is a server's response time at a given rate: the valid rounds together.
type OpenSummary struct {
	Server   string `json:"server"`
	Workload int    `json:"workload"` // of the plan's open ones, counted from 0
	Rounds   int    `json:"rounds"`   // valid ones
	// MedianRounds counts the valid rounds and the void ones whose median stands
	// (load.Result.MedianStands). P50 is the median of these rounds together.
	MedianRounds int           `json:"median_rounds"`
	P50          time.Duration `json:"p50_ns"`
	// Void is the number of void rounds, and Reason why one of them is void.
	Void   int    `json:"void"`
	Reason string `json:"reason,omitempty"`
	// Kept: the server answered nearly all due requests, in each of MedianRounds.
	Kept bool `json:"kept"`
	// Response and Service are merged from the valid rounds.
	Response   load.Times `json:"response"`
	Service    load.Times `json:"service"`
	Errors     int64      `json:"errors"` // of all rounds
	FirstError string     `json:"first_error,omitempty"`
}

// summarizeOpen returns a summary for each server and open workload that was measured.
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

// OpenSummaryOf returns the summary of a server at one of the plan's open rates, or nil.
func (r *Results) OpenSummaryOf(server string, workload int) *OpenSummary {
	i := slices.IndexFunc(r.OpenSummary, func(s OpenSummary) bool { return s.Server == server && s.Workload == workload })
	if i < 0 {
		return nil
	}
	return &r.OpenSummary[i]
}
