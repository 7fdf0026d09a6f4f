package report

import (
	"slices"

	"github.com/ioflavors/ioflavors/tools/internal/report/charts"
	"github.com/ioflavors/ioflavors/tools/internal/report/plot"
	"github.com/ioflavors/ioflavors/tools/internal/results"
	"github.com/ioflavors/ioflavors/tools/internal/self"
	"github.com/ioflavors/ioflavors/tools/internal/timesplit"
)

// section answers one question with groups of pictures.
type section struct {
	Anchor, Title string
	Groups        []group
}

// group is pictures that are read in the same way, and how that is. A group without
// pictures is a line that says why, with the command that measures them.
type group struct {
	Anchor, Title string
	// Read says how to read the pictures.
	Read    string
	Figures []*plot.Figure
	Words   []string // what the pictures show, in sentences
	Missing []string // why there is no picture, one for each that is missing
	Fill    string   // the command
}

// columns is how many pictures are side by side on a wide screen. The stylesheet has the
// same number.
const columns = 3

// places is how many places of the grid the figures take.
func places(figures []*plot.Figure) (n int) {
	for _, f := range figures {
		n += len(f.Pictures())
	}
	return n
}

// Beside is how many places beside the pictures the text takes, so that no place of a row
// is empty; 0: it has a row of its own.
func (g group) Beside() int { return beside(g.Figures) }

func beside(figures []*plot.Figure) int {
	return (columns - places(figures)%columns) % columns
}

// Odd reports whether one of two places in a row is free for the text.
func (g group) Odd() bool { return odd(g.Figures) }

func odd(figures []*plot.Figure) bool { return places(figures)%2 == 1 }

// Remarks are what the pictures leave out, each remark once.
func (g group) Remarks() []string { return remarks(g.Figures) }

func remarks(figures []*plot.Figure) (all []string) {
	for _, f := range figures {
		for _, remark := range f.Remarks {
			if !slices.Contains(all, remark) {
				all = append(all, remark)
			}
		}
	}
	return all
}

// newGroup sorts out the figures without a picture. only is the part of the lab, or the
// experiment, that measures them.
func newGroup(r *results.Results, anchor, title, only, read string, figures ...*plot.Figure) group {
	g := group{Anchor: anchor, Title: title, Read: read, Fill: self.Line(toMeasure(r, only))}
	for _, f := range figures {
		if f.Picture != nil {
			g.Figures = append(g.Figures, f)
			continue
		}
		if f.Missing != "" {
			g.Missing = append(g.Missing, f.Missing)
		}
		g.Missing = append(g.Missing, f.Remarks...)
	}
	return g
}

// costs answers what a request costs.
func costs(r *results.Results) section {
	var each []*plot.Figure
	for w := range r.Plan.Workloads {
		each = append(each, charts.Cost(r, w))
	}
	split := newGroup(r, "time", "Where the CPU time goes", string(results.Profile),
		"A bar has what a server spends a request’s CPU time on, from a CPU profile that was taken in a separate pass, because profiling slows a server.",
		charts.Time(r))
	split.Words = timesplit.Why(r)
	return section{"cost", "What a request costs", []group{
		newGroup(r, "cpu", "Server CPU per request", string(results.Closed),
			"One protocol, one store, one request handler: the models differ only in how they wait. The cost is the user and system time of all the server’s threads, divided by its replies. "+
				"Less is better. Where the dots of two servers overlap, this run cannot tell them apart.",
			each...),
		split,
		newGroup(r, "syscalls", "System calls", string(results.Syscalls),
			"A bar has the system calls that a server makes for one request, by name. They were counted in a separate pass, because counting slows a server.",
			charts.Syscalls(r)...),
	}}
}

// waiting answers how long users wait.
func waiting(r *results.Results) section {
	var spectra []*plot.Figure
	for w := range r.Plan.Workloads {
		spectra = append(spectra, charts.Spectrum(r, w))
	}
	all := section{"waiting", "How long users wait", []group{
		newGroup(r, "rate", "Response time against offered rate", string(results.OpenLoop),
			"In the open loop requests come at a fixed rate, whatever the server does, and a response time counts from when its request was due. All models get the same rates, so here times may be compared. "+
				"Where a line turns up, the server is near its limit: the knee.",
			charts.Rate(r)),
		newGroup(r, "open", "Response and service time at one rate", string(results.OpenLoop),
			"A solid line counts from when a request was due (response time), a dashed one from when it was sent (service time). Where the two part, requests waited for their turn.",
			charts.OpenSpectrum(r)),
		newGroup(r, "latency", "Latency in the closed loop", string(results.Closed),
			"From the median to the slowest, all rounds together; a line ends where fewer than ten requests were slower. Each model runs at its own full load, so a lower line at fewer requests a second is no victory. "+
				"A client that waits for a reply sends nothing, so a stop is hidden. Requests that waited longer than the measurement are in no line; a star means that all clients but one waited so.",
			spectra...),
		newGroup(r, "capacity", "Capacity", string(results.Capacities),
			"The highest rate at which 99 of 100 requests are answered within the SLO, without errors. ≥: the measurement at the next rate was void, so the capacity may be higher.",
			charts.Capacity(r)),
	}}
	if !r.Running() { // nothing may stop a server that something else uses
		all.Groups = slices.Insert(all.Groups, len(all.Groups)-1, newGroup(r, "stop", "Can the lab see a stop?", string(results.Stall),
			"One server was stopped on purpose, under both kinds of load at once. The percentiles of a lab that can be trusted must show the stop.",
			charts.Stop(r)))
	}
	return all
}

// silent answers what clients cost that say nothing. It takes the picture of the
// experiment with silent clients from its claim, where a link to this section remains.
func silent(r *results.Results, claims []claim) section {
	trend := &plot.Figure{Missing: "The cost of a request against the number of silent connections was not measured."}
	for i := range claims {
		c := &claims[i]
		if at := slices.IndexFunc(c.Pictures, func(f *plot.Figure) bool { return f.ID == silentTrend }); at >= 0 {
			trend = c.Pictures[at]
			c.Pictures = slices.Delete(slices.Clone(c.Pictures), at, at+1)
			c.Elsewhere = append(c.Elsewhere, link{"silent", "the cost of a request beside silent connections"})
		}
	}
	return section{"idle", "What idle clients cost", []group{
		newGroup(r, "idle-burn", "CPU and memory of silent connections", string(results.Idle),
			"The connections are open and silent, so all CPU time is the price of waiting, and the growth of memory is the price of connections. Kernel buffers are not in it. Measured once.",
			charts.Idle(r), charts.Memory(r)),
		newGroup(r, "silent", "Cost of a request beside silent connections", silentExperiment,
			"Some clients ask, all others are connected and silent. A level line is a server for which silent clients cost nothing. A line that rises is a server that looks at each of them.",
			trend),
	}}
}

// The experiment whose picture shows what silent clients make of a request's cost.
const silentExperiment, silentTrend = "E6", "trend-e6"

// figures returns the section's figures, in their order.
func (s section) figures() (all []*plot.Figure) {
	for _, g := range s.Groups {
		all = append(all, g.Figures...)
	}
	return all
}
