package results

import (
	"fmt"
	"math"
	"time"

	"github.com/ioflavors/ioflavors/tools/internal/load"
)

// Activity is what a server spends CPU time on. Package timesplit has the rules by which
// a profile's samples are of one activity or another.
type Activity string

// The activities.
const (
	TimeWrite     Activity = "write"     // the kernel, in write, sendmsg and the like
	TimeRead      Activity = "read"      // the kernel, in read, recvmsg and the like
	TimeRing      Activity = "ring"      // the kernel, in io_uring_enter, which reads, writes and waits
	TimeWait      Activity = "wait"      // the kernel, in epoll_wait, kevent, poll
	TimeKernel    Activity = "kernel"    // the kernel, in other system calls
	TimeScheduler Activity = "scheduler" // Go's scheduler and netpoller, and their own system calls
	TimeLoop      Activity = "loop"      // the model's loop, its limits, clocks and counters
	TimeCodec     Activity = "codec"     // the protocol's codec and the session
	TimeStore     Activity = "store"     // the store
	TimeCollector Activity = "collector" // the garbage collector
	TimeOther     Activity = "other"     // all else: the profile itself, the log
)

// Activities are all activities, in the order in which they are shown.
var Activities = []Activity{TimeWrite, TimeRead, TimeRing, TimeWait, TimeKernel, TimeScheduler, TimeLoop, TimeCodec, TimeStore, TimeCollector, TimeOther}

var activityWords = map[Activity]string{
	TimeRing:      "io_uring_enter",
	TimeKernel:    "other system calls",
	TimeScheduler: "Go's scheduler and netpoller",
	TimeLoop:      "the model's loop",
	TimeCodec:     "codec and session",
	TimeStore:     "the store",
	TimeCollector: "the collector",
	TimeOther:     "all else",
}

// Words are the activity's name within a sentence.
func (a Activity) Words() string {
	if words := activityWords[a]; words != "" {
		return words
	}
	return string(a)
}

// TimeCell says what a server spent its CPU time on, under a workload of the closed loop.
// It is from a CPU profile, in a separate pass, because profiling slows the server.
type TimeCell struct {
	Server   string `json:"server"`
	Workload int    `json:"workload"` // of the plan's, counted from 0
	// Requests is the number of requests that were answered in the window of the profile,
	// and Resources what the server used in it.
	Requests  int64      `json:"requests"`
	Resources *Resources `json:"resources"`
	// Late is how long after the window the profile began: a server with a busy core needs
	// some milliseconds for that.
	Late time.Duration `json:"late_ns"`
	// Steal and Others are as in Cell.
	Steal  *float64 `json:"steal,omitempty"`
	Others *float64 `json:"others,omitempty"`
	// Samples is the number of the profile's samples, and Spent the CPU time that they
	// stand for. The kernel's own threads, which work for an io_uring, have no samples.
	Samples int64                      `json:"samples"`
	Spent   map[Activity]time.Duration `json:"spent_ns"`
}

// Sampled is the CPU time that the samples stand for.
func (c TimeCell) Sampled() (sum time.Duration) {
	for _, d := range c.Spent {
		sum += d
	}
	return sum
}

// Explained is the share of the server's CPU time that the samples stand for. It may be a
// little above 1: each sample stands for 10 ms, of which a part may be before the window.
func (c TimeCell) Explained() float64 { return float64(c.Sampled()) / float64(c.Resources.CPU) }

// Unsampled is the CPU time per request without samples, in ns.
func (c TimeCell) Unsampled() float64 {
	return max(0, float64(c.Resources.CPU-c.Sampled())) / float64(c.Requests)
}

// PerRequest is the CPU time per request that was spent on an activity, in ns.
func (c TimeCell) PerRequest(a Activity) float64 {
	return float64(c.Spent[a]) / float64(c.Requests)
}

// Total is the CPU time per request, in ns: that of all samples, and that without.
func (c TimeCell) Total() float64 {
	return float64(max(c.Resources.CPU, c.Sampled())) / float64(c.Requests)
}

// Uncertainty is how far PerRequest may be from the true figure in 95 of 100 cases, in
// ns. Samples are taken as independent of each other, so the number of samples in an
// activity is binomial. An activity without samples gets the upper limit of that case,
// three samples.
func (c TimeCell) Uncertainty(all ...Activity) float64 {
	share := 0.0
	for _, a := range all {
		share += float64(c.Spent[a]) / float64(c.Sampled())
	}
	n := float64(c.Samples)
	unsure := max(3/n, 1.96*math.Sqrt(share*(1-min(share, 1))/n))
	return unsure * float64(c.Sampled()) / float64(c.Requests)
}

// Taken returns why the measurement says more about the machine than about the server, or
// "". The cell must have Resources.
func (c TimeCell) Taken() string {
	if c.Late > c.Resources.Window/10 {
		return fmt.Sprintf("the profile began %v late", c.Late.Round(time.Millisecond))
	}
	return Besides{Server: c.Resources, Steal: c.Steal, Others: c.Others}.Taken()
}

// TimeOf returns what a server spent its CPU time on, nil if that is not known.
func (r *Results) TimeOf(server string) *TimeCell {
	for i, c := range r.Time {
		if c.Server == server && c.known() {
			return &r.Time[i]
		}
	}
	return nil
}

// known reports whether the ratios of the cell's numbers mean something.
func (c TimeCell) known() bool {
	return c.Requests > 0 && c.Resources != nil && c.Resources.CPU > 0 && c.Samples > 0 && c.Sampled() > 0
}

// Spends returns the activities on which some server spends at least the share least of
// its CPU time, in the order of Activities.
func (r *Results) Spends(least float64) (some []Activity) {
	for _, a := range Activities {
		for _, c := range r.Time {
			if c.known() && c.PerRequest(a) >= least*c.Total() {
				some = append(some, a)
				break
			}
		}
	}
	return some
}

// profileShape is the load under which servers are profiled: each model's way to wait
// matters there, and so does the work on a request.
var profileShape = Shape{50, 1}

// ProfileWorkload is the number of the plan's workload under which servers are profiled:
// the one that is nearest to 50 connections with one request in flight on each.
func (p Plan) ProfileWorkload() int {
	nearest, least := 0, math.Inf(1)
	for i, w := range p.Workloads {
		if d := profileShape.distance(w); d < least {
			nearest, least = i, d
		}
	}
	return nearest
}

// distance is in powers of e: how many times more or fewer connections and requests in
// flight the workload has.
func (s Shape) distance(w load.Workload) float64 {
	return math.Abs(math.Log(float64(w.Connections)/float64(s.Connections))) + math.Abs(math.Log(float64(w.Depth)/float64(s.Depth)))
}
