package advise

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/ioflavors/ioflavors/tools/internal/format"
	"github.com/ioflavors/ioflavors/tools/internal/load"
	"github.com/ioflavors/ioflavors/tools/internal/results"
)

// From these differences on, one model is better than another.
const (
	leastDifference = 0.10    // share of the larger figure
	loneDifference  = 0.25    // the same, if no repeats confirm each other
	mixedDifference = 1.0 / 3 // the same, if most repeats agree, but not all
	leastCPU        = 0.01    // of a core
	leastMemory     = 4 << 20 // bytes
)

// burnShare is the share of a core from which on an idle server burns it.
const burnShare = 0.5

// enough is the share of the due requests that counts as all of them.
const enough = 0.99

// Option is what the measurements say of a model.
type Option struct {
	Model string `json:"model"`
	// Within: at least one counted sample reached the target, and none missed it.
	Within bool `json:"within"`
	// Burns: it uses a core even when it has nothing to do.
	Burns bool `json:"burns,omitempty"`
	// Qualifies: it may be recommended.
	Qualifies bool `json:"qualifies"`
	// Foreseen: arithmetic alone rules it out.
	Foreseen bool `json:"foreseen,omitempty"`
	// Foretold is why arithmetic rules it out.
	Foretold string `json:"foretold,omitempty"`
	// Reason is why it does not qualify, and Limit the resource that it lacks.
	Reason string `json:"reason,omitempty"`
	Limit  string `json:"limit,omitempty"`

	// Samples is the number of measurements. Counted is how many of them say
	// something about the model, and Void how many were void because of the
	// generator. A void sample counts if its response times, which are upper bounds,
	// reach the target, or if its median misses it.
	Samples int    `json:"samples"`
	Counted int    `json:"counted"`
	Void    int    `json:"void"`
	VoidFor string `json:"void_reason,omitempty"`
	Missed  int    `json:"missed"` // the counted samples that missed the target

	// P50 and P99 are medians of the counted samples. P50 leaves out the samples
	// whose median does not stand, unless none stands. If some samples had too few
	// requests for a p99, P99 is the p99 of all samples together, or their longest
	// time. AtMost: a sample was void, so P99 is an upper bound.
	P50    time.Duration `json:"p50_ns"`
	P99    time.Duration `json:"p99_ns"`
	Longer time.Duration `json:"p99_longest_ns"` // the largest p99 of a sample
	AtMost bool          `json:"p99_at_most,omitempty"`
	// Answered is the smallest share of the due requests that was answered.
	Answered float64 `json:"answered"`
	Errors   int64   `json:"errors"`

	// Costs is nil if the system does not tell.
	Costs *Costs `json:"costs,omitempty"`

	serves int
	// The figures by repeat. Repeats are compared one by one, because the machine
	// changes between them.
	cpu, p50s, p99s map[int]float64
}

// Costs are medians of the counted samples.
type Costs struct {
	CPU        float64 `json:"cpu_share"` // of a core
	Low        float64 `json:"cpu_low"`
	High       float64 `json:"cpu_high"`
	PerRequest float64 `json:"cpu_ns_per_request"`
	Idle       float64 `json:"idle_share"` // with silent connections and no request
	Switches   float64 `json:"switches_per_request"`
	Threads    int     `json:"threads"`
	// RSS is the memory with the measured connections. Memory is the memory with all
	// connections of the profile: it is larger by PerConnection for each connection
	// that this machine had no room for. PerConnection is the memory of a silent
	// connection, in bytes; 0: there were too few to tell.
	RSS           int64   `json:"rss_bytes"`
	Memory        int64   `json:"memory_bytes"`
	PerConnection float64 `json:"bytes_per_connection"`

	eachKnown bool // PerConnection is known
}

// memoryAt returns the memory with n connections; want is the profile's number.
func (c *Costs) memoryAt(n, want int) float64 {
	return float64(c.Memory) + c.PerConnection*float64(n-want)
}

// judge sums up a model's samples. asked is the profile, and measured the part of it
// for which there was room.
func judge(asked, measured Profile, s results.Target, samples []Sample) (Option, error) {
	o := Option{Model: s.Name, Samples: len(samples), Answered: 1, serves: serves(s)}
	var counted, reachedIt []Sample
	why, taken := "", ""
	few, err := together(measured, samples)
	if err != nil {
		return o, err
	}
	held := slices.ContainsFunc(samples, func(s Sample) bool { return s.Error == "" && s.Short == "" })
	for _, sample := range samples {
		o.Errors += sample.Load.Errors.Count()
		if len(sample.Load.Void) > 0 {
			o.Void, o.VoidFor = o.Void+1, sample.Load.Void[0]
		}
		r, reason := sample.within(measured)
		if sample.Short != "" && held {
			continue // another sample shows that it can hold the connections: here it had too little time
		}
		taken = cmp.Or(taken, sample.Taken)
		if r == unknown && len(sample.Load.Void) == 0 && few > 0 {
			if r = yes; few > measured.P99 {
				r, reason = no, fmt.Sprintf("p99 %s, of all repeats together", format.Latency(few))
			}
		}
		if r == unknown {
			continue
		}
		counted = append(counted, sample)
		o.Answered = min(o.Answered, sample.answered())
		if r == no {
			o.Missed, why = o.Missed+1, cmp.Or(why, reason)
			continue
		}
		reachedIt = append(reachedIt, sample)
	}
	o.Counted = len(counted)
	o.Within = len(reachedIt) > 0 && o.Missed == 0
	// The figures are of all counted samples, even if only some missed the target.
	if err := o.times(counted); err != nil {
		return o, err
	}
	o.spend(asked, measured, counted)
	o.Burns = o.Costs != nil && o.Costs.Idle > burnShare
	switch reason := foreseen(asked, s); {
	case reason != "":
		o.Within, o.Foreseen, o.Foretold, o.Reason = false, true, reason, reason
		if o.Missed > 0 && o.Errors == 0 && o.Answered < 1 {
			o.Reason += fmt.Sprintf("; measured: %s of what was due", format.Percent(o.Answered))
		}
	case o.Counted == 0 && o.Samples == 0:
		o.Reason = "not measured"
	case o.Counted == 0:
		o.Reason = "not known: " + cmp.Or(taken, o.VoidFor, "too few requests to say")
	case o.Missed > 0:
		o.Reason = why
		if o.Missed < o.Counted {
			o.Reason += fmt.Sprintf(", in %d of %d repeats", o.Missed, o.Counted)
		}
		o.Limit = o.limit(measured)
	case o.Burns && !asked.SpareCore:
		o.Reason = fmt.Sprintf("burns %s of a core with nothing to do; --spare-core allows that", format.Percent(o.Costs.Idle))
	default:
		o.Qualifies = true
	}
	return o, nil
}

// together returns the p99 of all samples that are not void, if each has too few
// requests for one of its own; 0: it is not known.
func together(p Profile, samples []Sample) (time.Duration, error) {
	var all []load.Times
	for _, s := range samples {
		if r, _ := s.within(p); r != no && len(s.Load.Void) == 0 {
			all = append(all, s.Load.Response)
		}
	}
	sum, err := load.Merge(all...)
	return sum.P99, err
}

// times fills in the response times.
func (o *Option) times(counted []Sample) error {
	o.p50s, o.p99s = make(map[int]float64), make(map[int]float64)
	var all []load.Times
	var p50, anyP50, p99 []time.Duration
	for _, s := range counted {
		if s.Load.Response.Count == 0 {
			continue
		}
		all = append(all, s.Load.Response)
		anyP50 = append(anyP50, s.Load.Response.P50)
		if t := s.Load.Response.P50; t > 0 && s.Load.MedianStands() {
			p50 = append(p50, t)
			o.p50s[s.Repeat] = float64(t)
		}
		if len(s.Load.Void) > 0 {
			o.AtMost = true
		}
		if t := s.Load.Response.P99; t > 0 {
			p99 = append(p99, t)
			o.p99s[s.Repeat] = float64(t)
		}
	}
	switch {
	case len(all) == 0:
		return nil
	case len(p99) == len(all):
		o.P99, o.Longer = results.Median(p99), slices.Max(p99)
	default:
		sum, err := load.Merge(all...)
		if err != nil {
			return err
		}
		o.P99 = cmp.Or(sum.P99, sum.Max)
		o.Longer = o.P99
	}
	if o.P50 = results.Median(anyP50); len(p50) > 0 {
		o.P50 = results.Median(p50)
	}
	return nil
}

// spend fills in the costs.
func (o *Option) spend(asked, measured Profile, counted []Sample) {
	o.cpu = make(map[int]float64)
	var cpu, per, idle, switches, each []float64
	var rss []int64
	var threads []int
	for _, s := range counted {
		if s.Resources == nil || s.Load.Seconds == 0 || s.Load.Requests == 0 {
			continue
		}
		requests := float64(s.Load.Requests)
		o.cpu[s.Repeat] = s.cpuShare()
		cpu = append(cpu, s.cpuShare())
		per = append(per, float64(s.Resources.CPU)/requests)
		switches = append(switches, float64(s.Resources.Voluntary+s.Resources.Involuntary)/requests)
		rss, threads = append(rss, s.Resources.RSS), append(threads, s.Resources.Threads)
		if s.Idle != nil {
			idle = append(idle, *s.Idle)
		}
		if s.Silent >= leastSilent && s.Held > 0 {
			each = append(each, max(0, float64(s.Held-s.Base)/float64(s.Silent)))
		}
	}
	if len(cpu) == 0 {
		return
	}
	c := &Costs{CPU: results.Median(cpu), Low: slices.Min(cpu), High: slices.Max(cpu), PerRequest: results.Median(per),
		Switches: results.Median(switches), Threads: results.Median(threads), RSS: results.Median(rss)}
	if len(idle) > 0 {
		c.Idle = results.Median(idle)
	}
	if len(each) > 0 {
		c.PerConnection, c.eachKnown = results.Median(each), true
	}
	c.Memory = c.RSS + int64(c.PerConnection*float64(asked.Connections-measured.Connections))
	o.Costs = c
}

// leastSilent is the number of silent connections from which on the cost of one is
// more than noise.
const leastSilent = 100

// limit says which resource a model lacks, if the figures show it.
func (o *Option) limit(p Profile) string {
	at := parallel(o.Model)
	switch {
	case p.handling() > busyHandlers*float64(at):
		return fmt.Sprintf("its handlers are busy for %s of the time, %d at a time, and requests queue for them", format.Percent(p.handling()/float64(at)), at)
	case o.Costs != nil && !o.Burns && o.Costs.CPU > 0.9*float64(min(p.Cores, at)):
		return fmt.Sprintf("it uses all the CPU time that it can have, %s of a core", format.Percent(o.Costs.CPU))
	}
	return ""
}

// The criteria, in the order in which they decide.
const (
	byCPU     = "CPU time"
	byLatency = "response time"
	byMemory  = "memory"
	bySimple  = "simplicity"
)

// choose returns the best of the options, of which there must be at least one, and
// the criterion that left only this one.
func choose(p Profile, options []Option) (best int, by string) {
	left := make([]int, len(options))
	for i := range left {
		left[i] = i
	}
	// keep keeps the best option, and the options that are no worse.
	keep := func(what string, of func(Option) float64, worse func(than, o Option) bool) {
		if len(left) == 1 {
			return
		}
		top := slices.MinFunc(left, func(a, b int) int { return cmp.Compare(of(options[a]), of(options[b])) })
		left = slices.DeleteFunc(left, func(i int) bool { return i != top && worse(options[top], options[i]) })
		by = what
	}
	some := func(is func(Option) bool) bool { return slices.ContainsFunc(options, is) }
	known := !some(func(o Option) bool { return o.Costs == nil })
	switch {
	case p.SpareCore:
		// If an option's p99 is only an upper bound, the true p99 may be lower, so
		// the option counts as worse than no other. An option whose p99 exceeds
		// another's upper bound is worse.
		keep(byLatency, func(o Option) float64 { return float64(o.P99) }, func(than, o Option) bool {
			return !o.AtMost && differ(than.p99s, o.p99s, float64(than.P99), float64(o.P99), 0)
		})
		if !some(func(o Option) bool { return len(o.p50s) == 0 }) {
			keep(byLatency, func(o Option) float64 { return float64(o.P50) }, func(than, o Option) bool {
				return differ(than.p50s, o.p50s, float64(than.P50), float64(o.P50), 0)
			})
		}
	case known:
		keep(byCPU, func(o Option) float64 { return o.Costs.CPU }, func(than, o Option) bool {
			return differ(than.cpu, o.cpu, than.Costs.CPU, o.Costs.CPU, leastCPU)
		})
	}
	if known {
		keep(byMemory, func(o Option) float64 { return float64(o.Costs.Memory) }, func(than, o Option) bool {
			return !sameMemory(float64(than.Costs.Memory), float64(o.Costs.Memory))
		})
	}
	keep(bySimple, func(o Option) float64 { return float64(complexity(o.Model)) }, func(than, o Option) bool { return true })
	return left[0], by
}

// differ reports whether a is less than b by more than the noise. It compares the
// repeats that both have. a must be less in each of them, but for the exceptions that
// chance explains; and its median must be less by leastDifference and by least. The
// medians must differ by mixedDifference if there are more exceptions, and by
// loneDifference if there are no two repeats to compare.
func differ(a, b map[int]float64, medianA, medianB, least float64) bool {
	share := leastDifference
	switch ofA, ofB := inBoth(a, b); {
	case len(ofA) > 1:
		medianA, medianB = results.Median(ofA), results.Median(ofB)
		against := 0
		for i := range ofA {
			if ofA[i] >= ofB[i] {
				against++
			}
		}
		if 2*against >= len(ofA) {
			return false
		}
		if against > exceptions(len(ofA)) {
			share = mixedDifference
		}
	case len(ofA) == 1:
		medianA, medianB = ofA[0], ofB[0]
		fallthrough
	default:
		share = loneDifference
	}
	return medianB-medianA > max(share*medianB, least)
}

// exceptions returns how many of n comparisons may go the other way by chance, at the
// level of 5 % of the sign test: none if n is small.
func exceptions(n int) int {
	const level = 0.05
	term := math.Pow(0.5, float64(n)) // C(n, k) of 2^n
	sum, k := term, 0
	for {
		term *= float64(n-k) / float64(k+1)
		if sum += term; sum > level {
			return k
		}
		k++
	}
}

// inBoth returns the figures of the repeats that both have, in pairs.
func inBoth(a, b map[int]float64) (ofA, ofB []float64) {
	for _, repeat := range slices.Sorted(maps.Keys(a)) {
		if y, both := b[repeat]; both {
			ofA, ofB = append(ofA, a[repeat]), append(ofB, y)
		}
	}
	return ofA, ofB
}

// cpuOf returns the shares of a core of two options, to compare them: of the repeats
// that both have, if there are any.
func cpuOf(a, b Option) (ofA, ofB float64) {
	if x, y := inBoth(a.cpu, b.cpu); len(x) > 0 {
		return results.Median(x), results.Median(y)
	}
	return a.Costs.CPU, b.Costs.CPU
}

// sameMemory reports whether two numbers of bytes count as the same.
func sameMemory(a, b float64) bool {
	return math.Abs(a-b) <= max(leastDifference*max(a, b), leastMemory)
}

// rank orders the options: first the options that qualify, from the best on; then the
// others, the nearest first. by is the criterion that decided between the first two.
func rank(p Profile, options []Option) (ranked []Option, by string) {
	var rest []Option
	var good []Option
	for _, o := range options {
		if o.Qualifies {
			good = append(good, o)
		} else {
			rest = append(rest, o)
		}
	}
	for len(good) > 0 {
		best, _ := choose(p, good)
		ranked = append(ranked, good[best])
		good = slices.Delete(good, best, best+1)
	}
	if len(ranked) > 1 {
		_, by = choose(p, ranked[:2])
	}
	slices.SortStableFunc(rest, func(a, b Option) int { return cmp.Compare(a.distance(p), b.distance(p)) })
	return append(ranked, rest...), by
}

// distance returns how far a model is from qualifying: 0 if it is within the target,
// up to 1 by its p99, up to 2 by the requests that it leaves unanswered, 3 if nothing
// is known.
func (o Option) distance(p Profile) float64 {
	switch {
	case o.Within:
		return 0
	case o.Counted == 0:
		return 3
	case o.Answered < enough:
		return 2 - o.Answered
	default:
		return 1 - float64(p.P99)/float64(max(p.P99, o.Longer))
	}
}
