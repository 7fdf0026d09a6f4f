package advise

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/ioflavors/ioflavors/tools/internal/format"
	"github.com/ioflavors/ioflavors/tools/internal/models"
	"github.com/ioflavors/ioflavors/tools/internal/results"
)

// changes computes, from the measurements, which changes would change the answer.
// options are ranked, and by is the criterion that decided between the first two.
func changes(p Profile, options []Option, by string) []Change {
	if len(options) == 0 || !options[0].Qualifies {
		return nil
	}
	var all []Change
	add := func(format string, args ...any) { all = append(all, Change{Text: fmt.Sprintf(format, args...)}) }
	best := options[0]
	if len(options) > 1 && options[1].Qualifies {
		if text := crossover(p, best, options[1], by); text != "" {
			add("%s", text)
		}
	}
	if most, why := best.mostRate(p); most > p.Rate {
		add("From %s requests/s on, %s would not do: %s.", about(most), best.Model, why)
	}
	at := parallel(best.Model)
	if at < math.MaxInt && !p.Computes {
		limit := busyHandlers * float64(at) / p.Rate
		add("Handlers that wait for more than about %s, at this rate: %s runs %s at a time, and the others queue; then take a model that runs as many as there are clients, such as %s.",
			format.Latency(format.Seconds(limit)), best.Model, format.Count(at, "handler"), simplest(func(v models.Variant) bool { return v.Clients == 0 && v.Handlers == 0 }))
	}
	if at == math.MaxInt && p.Handler > 0 && !p.Computes {
		add("Handlers that wait for less than about %s, at this rate: then a model that runs one at a time may do as well, such as %s.",
			format.Latency(format.Seconds(busyHandlers/p.Rate)), simplest(func(v models.Variant) bool { return v.Clients == 0 && v.Handlers == 1 }))
	}
	if best.serves < math.MaxInt {
		add("More connections than %d: %s serves no more at a time.", best.serves, best.Model)
	}
	all = append(all, targets(p, options)...)
	for _, o := range options[1:] {
		switch {
		case !o.Within || !o.Burns || p.SpareCore:
		case float64(o.P50) < (1-leastDifference)*float64(best.P50):
			add("A core that may be burnt (--spare-core): then the quicker %s qualifies, with a p50 of %s where %s has %s.",
				o.Model, format.Latency(o.P50), best.Model, format.Latency(best.P50))
		default:
			add("A core that may be burnt does not change the answer: the p50 of %s is %s, that of %s %s.",
				o.Model, format.Latency(o.P50), best.Model, format.Latency(best.P50))
		}
	}
	if best.Burns {
		add("A core that is shared with anything else: %s uses all of it (%s when idle).", best.Model, format.Percent(best.Costs.Idle))
	}
	return all
}

// about formats a computed number with the two digits that are reliable.
func about(x float64) string {
	if x < 1 {
		return "1"
	}
	unit := math.Pow(10, max(0, math.Floor(math.Log10(x))-1))
	return "about " + format.Thousands(math.Round(x/unit)*unit)
}

// busyHandlers is the share of the time for which handlers may be busy. At 0.7,
// requests wait for a handler about as long again as they take.
const busyHandlers = 0.7

// mostRate returns the rate from which on a model has no CPU time or no handler left,
// if both grow with the rate; 0: not known.
func (o Option) mostRate(p Profile) (most float64, why string) {
	const full = 0.9 // of the cores
	cores := float64(min(p.Cores, parallel(o.Model)))
	if o.Costs != nil && !o.Burns {
		if per := (o.Costs.CPU - o.Costs.Idle) / p.Rate; per > 0 {
			most, why = (full*cores-o.Costs.Idle)/per, fmt.Sprintf("at %s µs each they take all of its CPU time", format.ThreeDigits(per*1e6))
		}
	}
	if at := parallel(o.Model); p.Handler > 0 && at < math.MaxInt {
		if r := busyHandlers * float64(at) / p.Handler.Seconds(); most == 0 || r < most {
			most, why = r, "its handlers are busy, and requests queue for them"
		}
	}
	return most, why
}

// crossover says at which profile the runner-up would be better, by the criterion
// that decided.
func crossover(p Profile, best, next Option, by string) string {
	b, n := best.Costs, next.Costs
	switch {
	case by == byCPU:
		// Once the difference no longer matters, another criterion decides. Each
		// model uses its idle share, and more with each request.
		idle := n.Idle - b.Idle
		cpuB, cpuN := cpuOf(best, next)
		share := (leastCPU - idle) / (cpuN - cpuB - idle)
		if idle >= leastCPU || next.Burns || share >= 1 || share*p.Rate < 1 {
			return ""
		}
		rate := p.Rate * share
		then := []Option{best.at(0.99 * share), next.at(0.99 * share)}
		winner, what := choose(p, then)
		if winner == 0 {
			return fmt.Sprintf("Fewer requests do not change the answer: below %s/s the CPU time is the same within %s of a core, and %s decides, for %s as well.",
				about(rate), format.Percent(leastCPU), what, best.Model)
		}
		return fmt.Sprintf("Below %s requests/s the CPU time is the same within %s of a core, and %s decides, for %s.",
			about(rate), format.Percent(leastCPU), what, next.Model)
	case by == byMemory && b.eachKnown && n.eachKnown:
		if at, known := sameUpTo(p, best, next); known && at >= 1 && at < float64(p.Connections) {
			text := fmt.Sprintf("Below %s connections both need as much memory (%s and %s KiB a connection)",
				about(at), format.ThreeDigits(b.PerConnection/1024), format.ThreeDigits(n.PerConnection/1024))
			if complexity(next.Model) < complexity(best.Model) {
				return text + fmt.Sprintf(", and %s, which is simpler, would be the answer.", next.Model)
			}
			return text + fmt.Sprintf(", and %s stays, because it is simpler.", best.Model)
		}
	case by == bySimple && b != nil && n != nil && b.eachKnown && n.eachKnown:
		if at, known := sameUpTo(p, next, best); known && at > float64(p.Connections) {
			return fmt.Sprintf("Above %s connections %s would need less memory than %s (%s against %s KiB a connection), and be the answer.",
				about(at), next.Model, best.Model, format.ThreeDigits(n.PerConnection/1024), format.ThreeDigits(b.PerConnection/1024))
		}
	}
	return ""
}

// at returns the option at a share of the rate. Its CPU time is the idle share, and
// the requests' part in proportion.
func (o Option) at(share float64) Option {
	if o.Burns {
		return o
	}
	c, cpus := *o.Costs, o.cpu
	c.CPU = c.Idle + (c.CPU-c.Idle)*share
	o.Costs, o.cpu = &c, make(map[int]float64)
	for repeat, cpu := range cpus {
		o.cpu[repeat] = c.Idle + (cpu-c.Idle)*share
	}
	return o
}

// sameUpTo returns the number of connections up to which two models need the same
// memory, within the differences that count as none. lean needs less for each
// connection; known is false if it does not, or if they differ from the first
// connection on.
func sameUpTo(p Profile, lean, fat Option) (n float64, known bool) {
	l, f := lean.Costs, fat.Costs
	if f.PerConnection <= l.PerConnection {
		return 0, false
	}
	baseL, baseF := l.memoryAt(0, p.Connections), f.memoryAt(0, p.Connections)
	n = (leastMemory - (baseF - baseL)) / (f.PerConnection - l.PerConnection)
	const same = 1 - leastDifference
	if slope := same*f.PerConnection - l.PerConnection; slope > 0 {
		n = max(n, (baseL-same*baseF)/slope)
	} else {
		return 0, false // the difference never exceeds that share
	}
	return n, n > 0
}

// targets says which targets for the p99 would change the answer.
func targets(p Profile, options []Option) []Change {
	best := options[0]
	if best.Longer == 0 {
		return nil
	}
	if best.AtMost {
		return []Change{{Text: fmt.Sprintf("Perhaps a target below %s: in some repeats the generator's own lateness hides how far below that the p99 of %s is.", format.Latency(best.Longer), best.Model)}}
	}
	text := fmt.Sprintf("A target below %s: the longest p99 of %s in a repeat.", format.Latency(best.Longer), best.Model)
	quickest := best
	for _, o := range options[1:] {
		if o.Within && !o.AtMost && o.Longer < quickest.Longer {
			quickest = o
		}
	}
	if float64(quickest.Longer) < (1-leastDifference)*float64(best.Longer) {
		text += fmt.Sprintf(" Then %s, whose longest was %s", quickest.Model, format.Latency(quickest.Longer))
		if quickest.Burns && !p.SpareCore {
			text += ", for the price of a core"
		}
		text += "."
	}
	return []Change{{Text: text}}
}

// probe is a profile near the one in question.
type probe struct {
	name    string
	profile Profile
}

// probesOf returns the probes that can be measured.
func probesOf(p Profile) (all []probe) {
	twice := p
	twice.Rate *= 2
	if twice.Validate() == nil {
		all = append(all, probe{fmt.Sprintf("Twice the rate, %s/s", format.Thousands(twice.Rate)), twice})
	}
	tenth := p
	tenth.Connections, tenth.Active = p.Connections/10, max(1, p.Active/10)
	if p.Connections >= 10*leastSilent && tenth.Validate() == nil && tenth.handling() < float64(tenth.Active)/2 {
		all = append(all, probe{fmt.Sprintf("A tenth of the connections, %s", format.Thousands(float64(tenth.Connections))), tenth})
	}
	return all
}

// probes measures the best two under each probe, once.
func (v *adviser) probes(ctx context.Context, each time.Duration) error {
	a := v.advice
	options, _, err := a.ranked()
	if err != nil {
		return err
	}
	done := 0
	for _, try := range probesOf(a.Measured) {
		for _, o := range options[:min(2, len(options))] {
			if !o.Qualifies {
				break
			}
			i := slices.IndexFunc(a.targets, func(s results.Target) bool { return s.Name == o.Model })
			sample, err := v.sample(ctx, a.targets[i], try.profile, a.Seed)
			if err != nil {
				return err
			}
			sample.Probe = try.name
			a.Samples = append(a.Samples, sample)
			done++
			v.progress.Finished(each, fmt.Sprintf("%s: %s: %s", try.name, o.Model, sample.digest()))
		}
	}
	v.progress.Finished(time.Duration(probeRuns-done)*each, "")
	return nil
}

// probed says what the probes have shown.
func (a *Advice) probed(best string) (all []Change, err error) {
	for _, try := range probesOf(a.Measured) {
		var options []Option
		for _, s := range a.targets {
			mine := slices.DeleteFunc(slices.Clone(a.Samples), func(x Sample) bool { return x.Model != s.Name || x.Probe != try.name })
			if len(mine) == 0 {
				continue
			}
			o, err := judge(try.profile, try.profile, s, mine)
			if err != nil {
				return nil, err
			}
			options = append(options, o)
		}
		if len(options) > 0 {
			all = append(all, Change{Text: outcome(try, best, options), Measured: true})
		}
	}
	return all, nil
}

// outcome says what a probe has shown.
func outcome(try probe, best string, options []Option) string {
	options, _ = rank(try.profile, options)
	var each []string
	void := false
	for _, o := range options {
		text := o.Model + ": "
		if !o.Qualifies {
			text += o.Reason
		} else {
			text += o.p99() + " by p99"
			if o.Costs != nil {
				text += fmt.Sprintf(", %s of a core, %s MiB", format.Percent(o.Costs.CPU), format.Mebibytes(o.Costs.RSS))
			}
		}
		void = void || o.Counted == 0
		each = append(each, text)
	}
	verdict := "The answer stays."
	switch {
	case void:
		verdict = "That says nothing about the answer."
	case !options[0].Qualifies && len(options) == 1:
		verdict = "It would not do."
	case !options[0].Qualifies:
		verdict = "Neither would do."
	case options[0].Model != best:
		verdict = fmt.Sprintf("The answer would be %s.", options[0].Model)
	}
	return fmt.Sprintf("%s: %s. %s", try.name, strings.Join(each, "; "), verdict)
}
