package load

import "time"

// Result is the result of a run.
type Result struct {
	Workload Workload `json:"workload"`
	// Seconds is the length of the measured window, and Window says when it was. Window is
	// nil if the run ended before.
	Seconds float64 `json:"seconds"`
	Window  *Window `json:"window,omitempty"`
	// Offered is the number of requests that were due in the window. In the
	// closed loop it equals Requests.
	Offered int64 `json:"offered"`
	// Requests is the number of right replies read in the window, and Rate is
	// Requests per second.
	Requests int64   `json:"requests"`
	Rate     float64 `json:"requests_per_second"`
	// Wrong is the number of wrong replies read in the window.
	Wrong int64 `json:"wrong"`
	// Unsent is the number of requests that were due in the window and had no
	// reply at the end of the run. Either they were not sent, because their
	// connections still waited for earlier replies or were broken, or their
	// replies had not come by then.
	Unsent int64 `json:"unsent"`

	// Response runs from the moment a request was due until its reply was read:
	// the wait of a user who arrives at his own time. A request that was due in
	// the window and has no reply is not in these times, but in Unsent or
	// Errors.
	Response Times `json:"response"`
	// Service runs from the moment the request was sent. In the closed loop it
	// equals Response.
	Service Times `json:"service"`
	// SendLag is how late the generator was: from the moment a request could be
	// sent (it was due, and its connection had room) until it was sent. Empty in
	// the closed loop.
	SendLag Times `json:"send_lag"`

	// InFlight is the average number of requests that were due and not answered,
	// over the window, as counted from moment to moment.
	InFlight float64 `json:"in_flight"`
	// InError is the part of InFlight that got a wrong reply in the end, or none
	// because the connection was given up.
	InError float64 `json:"in_flight_in_error"`
	// Served is the number of connections that got at least one reply.
	Served int `json:"served"`
	// Fairness is Jain's index of the connections' replies in the window: 1
	// if all got the same number, 1/n if one of n got them all.
	Fairness float64 `json:"fairness"`
	// Errors counts what went wrong.
	Errors Errors `json:"errors"`
	// Generator tells what the load generator itself used.
	Generator Generator `json:"generator"`
	// Series is the window in pieces of length Step, by the time when replies
	// were read. Step is SeriesStep, or longer if the window is longer than an
	// hour.
	Series []Step        `json:"series,omitempty"`
	Step   time.Duration `json:"series_step_ns,omitempty"`
	// Void lists the reasons why the run says nothing about the server; empty if
	// the run is valid. Judge sets it, by the rules in judge.go and pauses.go.
	Void []string `json:"void,omitempty"`
}

// Window is the time in which a run was measured, by its machine's wall clock, in ns.
type Window struct {
	Began time.Time `json:"began"`
	Ended time.Time `json:"ended"`
	// Planned is the time at which the window had to begin, and Late is how much later it
	// began. Absent, and 0: it began as soon as it could.
	Planned *time.Time    `json:"planned,omitempty"`
	Late    time.Duration `json:"late_ns,omitempty"`
}

// SeriesStep is the shortest length of a Step.
const SeriesStep = 100 * time.Millisecond

// Step is a piece of the window.
type Step struct {
	Requests int64         `json:"requests"` // right replies
	Max      time.Duration `json:"max_ns"`   // the longest response time among them
}

// Generator is what the load generator's thread used in the window.
type Generator struct {
	// CPU is the share of a core that it used; nil: unknown on this system.
	CPU *float64 `json:"cpu,omitempty"`
	// Busy is the share of the time in which it had work. A spinning generator
	// is not busy while nothing happens; without spinning, Busy is CPU.
	Busy float64 `json:"busy"`
	// RunQueue is the share of the time in which it was ready to run but had to
	// wait for its core; nil: unknown on this system.
	RunQueue *float64 `json:"run_queue,omitempty"`
	// Paused is how long it did not run at all, in pauses of a millisecond or
	// more: stopped, without a core, or throttled. LongestPause is the longest.
	Paused       time.Duration `json:"paused_ns"`
	LongestPause time.Duration `json:"longest_pause_ns"`
	// Touched has an entry for each request that was in the system during such a
	// pause, became due in it, or queued behind those: the length of the pause.
	Touched Times `json:"touched"`
	// Throttlings is how often its cgroup, or one above, used up its CPU quota.
	// Throttled is how long the quota kept the group's threads from running, summed
	// over the cores. 0: it did not, or that is unknown on this system.
	Throttlings int64         `json:"throttlings"`
	Throttled   time.Duration `json:"throttled_ns"`
	// Ceiling is the rate that it reaches against a server that does next to
	// nothing; absent: unknown, because no generator reaches 0.
	Ceiling float64 `json:"ceiling,omitempty"`
	// Limited: it was busier than GeneratorLimit, or above CeilingLimit of its
	// ceiling. Then the rate of a closed loop is only a lower bound of the
	// server's capacity.
	Limited bool `json:"limited"`
}

// WaitedOver reports whether it is known to have waited for its core for more
// than the share limit of the time.
func (g Generator) WaitedOver(limit float64) bool { return g.RunQueue != nil && *g.RunQueue > limit }
