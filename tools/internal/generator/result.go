package generator

import "github.com/ioflavors/ioflavors/tools/internal/load"

// result sums up a run that is over.
func (g *generator) result() (load.Result, error) {
	w := g.window
	r := load.Result{
		Workload: g.cfg.Workload,
		Seconds:  (w.ended - w.began).Seconds(),
		Offered:  w.offered,
		Requests: w.requests,
		Wrong:    w.wrong,
		Unsent:   g.unsent(),
		Errors:   g.errors,
		Series:   w.series,
		Step:     w.step,
	}
	if !g.cfg.Open() {
		r.Offered = r.Requests
	}
	if r.Seconds > 0 {
		r.Rate = float64(r.Requests) / r.Seconds
		r.InFlight = w.inFlightSum / float64((w.ended - w.began).Nanoseconds())
		r.InError = w.inError / float64((w.ended - w.began).Nanoseconds())
		r.Generator.CPU, r.Generator.RunQueue = w.cpu, w.runQueue
		if g.cfg.Open() || w.cpu == nil {
			r.Generator.Busy = w.busy.Seconds() / r.Seconds
		} else {
			r.Generator.Busy = *w.cpu
		}
		r.Generator.Ceiling = g.cfg.Ceiling
		r.Window = &load.Window{Began: w.beganAt, Ended: w.endedAt}
		if at := g.cfg.WindowAt; !at.IsZero() {
			r.Window.Planned, r.Window.Late = &at, w.beganAt.Sub(at)
		}
	}
	var sum, squares float64
	for _, c := range g.conns {
		if c.answered > 0 {
			r.Served++
		}
		sum += float64(c.counted)
		squares += float64(c.counted) * float64(c.counted)
	}
	if squares > 0 {
		r.Fairness = sum * sum / (float64(len(g.conns)) * squares)
	}
	var err error
	if r.Response, err = load.Summarize(w.response); err != nil {
		return r, err
	}
	if r.Service, err = load.Summarize(w.service); err != nil {
		return r, err
	}
	if r.SendLag, err = load.Summarize(w.lag); err != nil {
		return r, err
	}
	r.Generator.Paused, r.Generator.LongestPause = g.pauses.total, g.pauses.longest
	r.Generator.Throttlings, r.Generator.Throttled = w.throttled.Count, w.throttled.Total
	if r.Generator.Touched, err = load.Summarize(w.touched); err != nil {
		return r, err
	}
	r.Judge()
	return r, nil
}
