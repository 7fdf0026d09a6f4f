package advise

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/ioflavors/ioflavors/tools/internal/folder"
	"github.com/ioflavors/ioflavors/tools/internal/format"
	"github.com/ioflavors/ioflavors/tools/internal/printable"
	"github.com/ioflavors/ioflavors/tools/internal/results"
	"github.com/ioflavors/ioflavors/tools/internal/self"
	"github.com/ioflavors/ioflavors/tools/internal/text"
)

// ranked judges every model by its repeats.
func (a *Advice) ranked() (options []Option, by string, err error) {
	for _, s := range a.targets {
		mine := slices.DeleteFunc(slices.Clone(a.Samples), func(x Sample) bool { return x.Model != s.Name || x.Probe != "" })
		o, err := judge(a.Profile, a.Measured, s, mine)
		if err != nil {
			return nil, "", err
		}
		options = append(options, o)
	}
	if len(options) == 0 {
		return nil, "", nil // this system can run none
	}
	options, by = rank(a.Profile, options)
	return options, by, nil
}

// conclude draws the advice from the samples.
func (a *Advice) conclude() error {
	options, by, err := a.ranked()
	if err != nil {
		return err
	}
	a.Options = options
	a.Limits = a.limits()
	if len(options) == 0 {
		a.Sentence = "No advice: this system can run none of the models."
		if i := slices.IndexFunc(a.NotAvailable, func(x Absentee) bool { return x.Refused }); i >= 0 {
			a.Sentence = "No advice: the command runs none of the models."
		}
		return nil
	}
	unseen := slices.ContainsFunc(options, func(o Option) bool { return o.Samples == 0 })
	switch best := options[0]; {
	case unseen:
		a.Sentence = "No advice: not every model was measured."
		return nil
	case !best.Qualifies:
		a.Void = len(unjudged(options)) > 0 || a.busy() != ""
		a.Sentence = nobody(a.Profile, options)
		if busy := a.busy(); busy != "" {
			a.Sentence += fmt.Sprintf(" %s: ask again when it is quiet.", strings.ToUpper(busy[:1])+busy[1:])
		}
		return nil
	default:
		a.Recommended, a.Needs = best.Model, declared(best.Model).Needs
		a.Sentence = recommend(a.Profile, best)
	}
	if why := a.provisional(); why != "" {
		a.Sentence = "PROVISIONAL, because " + why + ": " + strings.ToLower(a.Sentence[:1]) + a.Sentence[1:]
	}
	if len(options) > 1 && options[1].Qualifies {
		a.RunnerUp = options[1].Model
		a.Because = because(a.Profile, options[0], options[1], by)
	}
	program := a.Command[:max(0, slices.Index(a.Command, "advise"))]
	i := slices.IndexFunc(a.targets, func(s results.Target) bool { return s.Name == a.Recommended })
	if a.Setup, err = a.Profile.setup(a.targets[i], program, a.descriptors); err != nil {
		return err
	}
	probed, err := a.probed(a.Recommended)
	a.Changes = append(changes(a.Profile, options, by), probed...)
	return err
}

// recommend returns the answer if a model qualifies.
func recommend(p Profile, o Option) string {
	text := fmt.Sprintf("Take %s: p99 %s where %v is allowed", o.Model, o.p99(), p.P99)
	if c := o.Costs; c != nil {
		text += fmt.Sprintf(", for %s of a core and %s MiB", format.Percent(c.CPU), format.Mebibytes(c.Memory))
	}
	return text + "."
}

// disturbed is the share of the CPU time that other programs and the host may have
// before an answer is a guess.
const disturbed = 0.2

// busy says how much of the CPU time went to other programs and the host, if that
// makes an answer a guess.
func (a *Advice) busy() string {
	e := a.Environment
	if e.Steal == nil || e.Others == nil || *e.Steal+*e.Others <= disturbed {
		return ""
	}
	return fmt.Sprintf("%.0f %% of this machine's CPU time went elsewhere", 100*(*e.Steal+*e.Others))
}

// provisional returns why the same question may have another answer next time.
func (a *Advice) provisional() string {
	var all []string
	if busy := a.busy(); busy != "" {
		all = append(all, busy)
	}
	if !a.Complete {
		all = append(all, "it was interrupted")
	}
	if names := unjudged(a.Options); len(names) > 0 {
		all = append(all, fmt.Sprintf("nothing is known of %s", strings.Join(names, ", ")))
	}
	return strings.Join(all, ", and ")
}

// unjudged returns the models that arithmetic does not rule out, and of which no
// measurement counted.
func unjudged(options []Option) (names []string) {
	for _, o := range options {
		if o.Counted == 0 && !o.Foreseen {
			names = append(names, o.Model)
		}
	}
	return names
}

// nobody returns the answer if no model qualifies.
func nobody(p Profile, options []Option) string {
	near := options[0]
	if names := unjudged(options); len(names) > 0 {
		return fmt.Sprintf("No advice: nothing is known of %s, because every measurement was void, or too short to say.", strings.Join(names, ", ")) + ruledOut(options)
	}
	if near.Within && near.Burns {
		return fmt.Sprintf("None, unless a core may be burnt: %s alone keeps p99 within %v (%s), and uses %s of a core with nothing to do. --spare-core allows that.",
			near.Model, p.P99, near.p99(), format.Percent(near.Costs.Idle))
	}
	text := fmt.Sprintf("None of them. The nearest is %s: %s", near.Model, near.Reason)
	if near.Limit != "" {
		text += "; " + near.Limit
	}
	return text + "."
}

// ruledOut names the models that arithmetic rules out, which holds on any machine,
// and those that counted measurements rule out.
func ruledOut(options []Option) string {
	var foreseen, failed []string
	for _, o := range options {
		switch {
		case o.Foreseen:
			foreseen = append(foreseen, fmt.Sprintf("%s (%s)", o.Model, o.Foretold))
		case o.Counted > 0:
			failed = append(failed, fmt.Sprintf("%s (%s)", o.Model, o.Reason))
		}
	}
	text := ""
	if foreseen != nil {
		text += " Arithmetic rules out " + strings.Join(foreseen, ", ") + "."
	}
	if failed != nil {
		text += " Measurements rule out " + strings.Join(failed, ", ") + "."
	}
	return text
}

// because says what decided between the first two.
func because(p Profile, best, next Option, by string) string {
	cpu, memory := "not known", "not known"
	if best.Costs != nil && next.Costs != nil {
		b, n := cpuOf(best, next)
		cpu = fmt.Sprintf("%s and %s of a core", format.Percent(b), format.Percent(n))
		if p.SpareCore {
			cpu = fmt.Sprintf("p50 %s and %s", format.Latency(best.P50), format.Latency(next.P50))
		}
		memory = fmt.Sprintf("%s and %s MiB", format.Mebibytes(best.Costs.Memory), format.Mebibytes(next.Costs.Memory))
	}
	switch by {
	case byCPU:
		return fmt.Sprintf("CPU time decides: %s.", cpu)
	case byLatency:
		return fmt.Sprintf("response time decides, because a core may be burnt: p50 %s and %s, p99 %s and %s.", format.Latency(best.P50), format.Latency(next.P50), best.p99(), next.p99())
	case byMemory:
		what := byCPU
		if p.SpareCore {
			what = byLatency
		}
		return fmt.Sprintf("memory decides: %s. The %s is equal within the noise: %s.", memory, what, cpu)
	default:
		return fmt.Sprintf("they are equal within the noise (%s; %s), and %s is the simpler one.", cpu, memory, best.Model)
	}
}

// p99 writes P99, with a mark if it is an upper bound.
func (o Option) p99() string {
	mark := ""
	if o.AtMost && o.P99 > 0 {
		mark = "≤"
	}
	return mark + format.Latency(o.P99)
}

// limits returns what this machine could not show.
func (a *Advice) limits() []string {
	var all []string
	add := func(format string, args ...any) { all = append(all, fmt.Sprintf(format, args...)) }
	e := a.Environment
	switch {
	case e.Pinned && e.Cores > a.Profile.Cores:
		add("More cores: the server had %d of %d, the load one. How loops, workers or threads use several cores is not shown.", a.Profile.Cores, e.Cores)
	default:
		add("The server alone: it shared %s with the load, and was not pinned.", format.Count(e.Cores, "core"))
	}
	add("A network: server and load are on one machine, where nothing is lost and no packet is under way for long.")
	if a.Measured.Connections < a.Profile.Connections {
		add("%s connections: descriptors and ports allow %s here, %s of them active. The memory of the others is computed.",
			format.Thousands(float64(a.Profile.Connections)), format.Thousands(float64(a.Measured.Connections)), format.Thousands(float64(a.Measured.Active)))
	}
	void, reason, samples := 0, "", 0
	for _, s := range a.Samples {
		samples++
		if len(s.Load.Void) > 0 {
			void, reason = void+1, s.Load.Void[0]
		}
	}
	if void > 0 {
		add("A p99 in %d of %d measurements: they are void, for example because %s. A void measurement still counts if its time is within the target (≤).",
			void, samples, reason)
	}
	widest := Option{Costs: new(Costs)}
	spread := func(o Option) float64 {
		if o.Costs == nil || o.Costs.CPU == 0 {
			return 0
		}
		return (o.Costs.High - o.Costs.Low) / o.Costs.CPU
	}
	for _, o := range a.Options {
		if spread(o) > spread(widest) {
			widest = o
		}
	}
	if s := spread(widest); s > 0 {
		add("Small differences: the CPU time of %s differed by %.0f %% between repeats.", widest.Model, s*100)
	}
	if e.Steal != nil && e.Others != nil && *e.Steal+*e.Others > results.DisturbedShare {
		add("A quiet machine: %.0f %% of the CPU time went elsewhere.", 100*(*e.Steal+*e.Others))
	}
	if pauses := e.Pauses; pauses.Share > text.PauseShare {
		add("Times below %v or so: the load's core was taken away %s times a second, for %v (median).",
			(10 * pauses.Median).Round(10*time.Microsecond), format.Thousands(pauses.PerSecond), pauses.Median.Round(time.Microsecond))
	}
	if slices.ContainsFunc(a.Options, func(o Option) bool { return o.Within && o.Costs == nil }) {
		add("CPU time and memory: %s does not tell what another process uses. Simplicity decides.", e.OS)
	}
	return all
}

// task returns the profile as a sentence.
func (p Profile) task() string {
	requests := fmt.Sprintf("%.0f %% puts, values of %s bytes", p.Puts*100, format.Thousands(float64(p.Value)))
	if p.Exchanges != nil {
		requests = p.workload().Words()
	}
	text := fmt.Sprintf("%s connections, %s active; %s requests/s (%s), %s",
		format.Thousands(float64(p.Connections)), format.Thousands(float64(p.Active)), format.Thousands(p.Rate), p.Arrivals, requests)
	if p.Handler > 0 {
		kind := "waits"
		if p.Computes {
			kind = "computes"
		}
		text += fmt.Sprintf("; each handler %s for %v", kind, p.Handler)
	}
	if p.Store != "" {
		text += "; the data at " + printable.Line(p.Store)
	}
	text += fmt.Sprintf("; p99 within %v; %s", p.P99, format.Count(p.Cores, "core"))
	if p.SpareCore {
		text += ", which may be burnt"
	}
	return text
}

// table returns a table with a row for each model.
func (a *Advice) table() *text.Table {
	g := &text.Table{}
	for _, title := range []string{"MODEL", "OK", "OF", "P99", "CPU %", "µs/REQ", "MiB", "KiB/C"} {
		g.Columns = append(g.Columns, text.Column{Name: title})
	}
	for _, o := range a.Options {
		ok := "no"
		switch {
		case o.Qualifies:
			ok = "yes"
		case o.Foreseen:
		case o.Samples == 0:
			ok = format.Absent
		case o.Counted == 0:
			ok = "void"
		}
		p99, cpu, per, memory, each := o.p99(), format.Absent, format.Absent, format.Absent, format.Absent
		if c := o.Costs; c != nil {
			cpu, per = format.ThreeDigits(c.CPU*100), format.ThreeDigits(c.PerRequest/1e3)
			if o.Answered < enough {
				p99, per = format.Absent, format.Absent // the few answered requests say little about the others
			}
			memory = format.Mebibytes(c.Memory)
			if c.eachKnown {
				each = format.ThreeDigits(c.PerConnection / 1024)
			}
		}
		g.Rows = append(g.Rows, text.Row{Cells: []string{o.Model, ok, fmt.Sprintf("%d/%d", o.Counted, o.Samples), p99, cpu, per, memory, each}})
	}
	for _, x := range a.NotAvailable {
		g.Rows = append(g.Rows, text.Row{Cells: []string{x.Model}, Remark: x.mark(), Calm: true})
	}
	return g
}

// notTried says which models were not tried: those with the same reason in one line, so
// that a mistake in the user's command is read once.
func (a *Advice) notTried() (lines []string) {
	of := map[string][]string{}
	var reasons []string
	for _, x := range a.NotAvailable {
		why := strings.TrimSuffix(x.why(), ".")
		if of[why] == nil {
			reasons = append(reasons, why)
		}
		of[why] = append(of[why], x.Model)
	}
	for _, why := range reasons {
		names, were := of[why], "was"
		if len(names) > 1 {
			were = "were"
		}
		lines = append(lines, fmt.Sprintf("%s %s not tried, because %s.", strings.Join(names, ", "), were, why))
	}
	return lines
}

// Report writes the advice as text, in lines of at most width characters.
func (a *Advice) Report(w io.Writer, style text.Style, width int) error {
	var out strings.Builder
	fill := func(line string) { fmt.Fprintln(&out, text.Wrap(line, min(width, text.TextWidth), "  ")) }
	heading := func(line string) { fmt.Fprintf(&out, "\n%s\n", text.Paint(style.Strong, line)) }

	fmt.Fprintln(&out, text.Paint(style.Strong, text.Wrap(a.Sentence, min(width, text.TextWidth), "  ")))
	if a.Needs != "" {
		fill(a.Needs)
	}
	for _, line := range a.notTried() {
		fill(line)
	}
	if !a.Complete {
		fill(fmt.Sprintf("INTERRUPTED after %s.", format.Count(len(a.Samples), "measurement")))
	}
	out.WriteString("\n")
	fill("For: " + a.Profile.task() + ".")
	if a.Foretold != "" {
		fill("Beforehand: " + a.Foretold + ".")
	}
	if s := a.Setup; s != nil {
		heading("To run it")
		fmt.Fprintln(&out, self.Line(s.Serve))
		for _, why := range s.Why {
			fill("- " + why)
		}
		fill("\nIn a program of your own:")
		fmt.Fprintf(&out, "\n%s", s.Go)
	}
	out.WriteString("\n")
	for _, block := range a.table().Split(width) {
		if err := block.Write(&out, style); err != nil {
			return err
		}
	}
	fill(fmt.Sprintf("Medians of up to %s of %v. OF: how many of the measurements counted. MiB: memory (RSS) with all connections; KiB/C: for a silent one. ≤: the generator was late, so the true time is at most that.",
		format.Count(a.Repeats, "repeat"), a.Duration.Round(time.Millisecond)))
	if slices.ContainsFunc(a.Options, func(o Option) bool { return o.Reason != "" }) {
		heading("Why not")
		for _, o := range a.Options {
			if o.Reason != "" {
				text := o.Model + ": " + o.Reason
				if o.Limit != "" {
					text += "; " + o.Limit
				}
				fill(text + ".")
			}
		}
	}
	if a.RunnerUp != "" {
		heading("Runner-up: " + a.RunnerUp)
		fill(strings.ToUpper(a.Because[:1]) + a.Because[1:])
		if text := declared(a.RunnerUp).Needs; text != "" {
			fill(text)
		}
	}
	if len(a.Changes) > 0 {
		heading("What would change the answer")
		for _, c := range a.Changes {
			how := "computed"
			if c.Measured {
				how = "measured once"
			}
			fill("- " + c.Text + " [" + how + "]")
		}
	}
	if len(a.Limits) > 0 {
		heading("What this machine could not show")
		for _, l := range a.Limits {
			fill("- " + l)
		}
	}
	heading("Again")
	fmt.Fprintln(&out, self.Line(a.Command))
	_, err := io.WriteString(w, out.String())
	return err
}

// Files are the names of the files that Write writes: the text, and all measurements.
var Files = []string{"advice.txt", "advice.json"}

// Write writes the advice into an existing folder.
func (a *Advice) Write(dir string) error {
	encoded, err := json.MarshalIndent(a, "", "  ")
	if err != nil {
		return err
	}
	var report strings.Builder
	return errors.Join(
		a.Report(&report, text.Style{}, 80),
		folder.WriteFile(filepath.Join(dir, Files[0]), []byte(report.String())),
		folder.WriteFile(filepath.Join(dir, Files[1]), append(encoded, '\n')),
	)
}
