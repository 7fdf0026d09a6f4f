package lab

import (
	"context"

	"github.com/ioflavors/ioflavors/tools/internal/load"
)

// trial loads a server for an experiment, and adds what came of it to the
// results. t says which experiment that is, and what is different this time; cfg
// which load, for how long. A workload comes from Plan.mix.
func (b *bench) trial(ctx context.Context, s *Server, p *process, t Trial, cfg load.Config) (load.Result, error) {
	cfg.Addr, cfg.Workload = p.addr, s.told(cfg.Workload)
	cfg.MayWait = s.OneAtATime
	cfg.Drain = openDrain
	cfg.Spin = cfg.Open() && b.pins.on
	cfg.Seed += b.results.Plan.Seed
	var cell Cell
	err := b.measure(p, &cell, func(begin, end func()) (err error) {
		cfg.Begin, cfg.End = begin, end
		cell.Load, err = load.Run(ctx, cfg)
		return err
	})
	if err != nil {
		return load.Result{}, err
	}
	t.of(s, &cell)
	b.results.Trials = append(b.results.Trials, t)
	return cell.Load, nil
}

// of has the trial be of a server, with what was measured of it.
func (t *Trial) of(s *Server, c *Cell) {
	t.Server, t.Load, t.Resources, t.Steal, t.Others = s.Name, &c.Load, c.Resources, c.Steal, c.Others
}

// mix is the usual workload with so many connections, so many requests in flight
// on each, and so many requests per second; 0: a closed loop.
func (p Plan) mix(connections, depth int, rate float64) load.Workload {
	w := p.Workloads[0]
	w.Connections, w.Depth, w.Rate, w.Arrivals = connections, depth, rate, load.Constant
	return w
}

// trialsOf returns an experiment's runs with a server.
func trialsOf(r *Results, experiment string, s *Server) (all []Trial) {
	for _, t := range r.Trials {
		if t.Experiment == experiment && t.Server == s.Name {
			all = append(all, t)
		}
	}
	return all
}

// notMeasurable is the finding of an experiment whose runs say nothing: for the
// reason that stands beside them, or else for this one. measured is false if there
// are none.
func notMeasurable(trials []Trial, why string) (f Finding, measured bool) {
	if len(trials) == 0 {
		return Finding{}, false
	}
	for _, t := range trials {
		if t.Note != "" {
			why = t.Note
		}
	}
	return Finding{Verdict: NotMeasurable, Why: why}, true
}

// cpuMicros returns the server's CPU time per request, in µs. known is false
// where the system does not tell, or nothing was answered.
func cpuMicros(t Trial) (us float64, known bool) {
	if t.Load == nil || t.Resources == nil || t.Load.Requests == 0 {
		return 0, false
	}
	return t.Resources.CPU.Seconds() * 1e6 / float64(t.Load.Requests), true
}

// coresOf returns how many cores the server used. known is false where the system
// does not tell.
func coresOf(t Trial) (n float64, known bool) {
	return t.Resources.Share()
}

// responses returns the response times of several runs.
func responses(trials []Trial) load.Times {
	var all []load.Times
	for _, t := range trials {
		all = append(all, t.Load.Response)
	}
	times, _ := load.Merge(all...) // what this package has encoded can be decoded
	return times
}

// lateShare is how large a part of a response time may be the generator's own
// lateness.
const lateShare = 0.1

// medianHolds reports whether the median of an open loop's response times is the
// server's, and hardly the generator's. That is less than load.Result asks for: a
// generator that lost its core for a while is late with some requests, and those
// are not in the middle.
func medianHolds(t Trial) bool {
	return t.Load != nil && t.Load.Response.P50 > 0 && float64(t.Load.SendLag.P50) <= lateShare*float64(t.Load.Response.P50) &&
		!t.Load.Spoilt(50)
}

// taken returns why a run says more about the machine than about the server, or
// "".
func (t Trial) taken() string { return t.besides().taken() }

// whyTaken returns why runs were left out, of the last one that was, or else why.
func whyTaken(trials []Trial, why string) string {
	for _, t := range trials {
		if text := t.taken(); text != "" {
			why = text
		}
	}
	return why
}

// medianAndP99 is an open loop's median in words, and its p99, unless that is void or
// there are too few requests for it.
func medianAndP99(t Trial) string {
	text := "p50 was " + latency(t.Load.Response.P50)
	if len(t.Load.Void) == 0 && t.Load.Response.P99 > 0 {
		text += " and p99 " + latency(t.Load.Response.P99)
	}
	if !t.Load.Kept() {
		text += ", and the rate was not kept"
	}
	return text
}

// repeats is how often an experiment's deciding run is made.
const repeats = 3
