package compare

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"github.com/ioflavors/ioflavors/tools/internal/format"
	"github.com/ioflavors/ioflavors/tools/internal/text"
)

// Report writes the comparison as text, in lines of at most width characters: warnings,
// the two runs, the machine's shift, a table, and the rest in a line each. The table has
// the changed figures, with all those that are equal or not judged as well.
func (c *Comparison) Report(w io.Writer, style text.Style, width int, all bool) error {
	var out strings.Builder
	line := func(code, format string, args ...any) {
		fmt.Fprintln(&out, text.Paint(code, text.Wrap(fmt.Sprintf(format, args...), min(width, text.TextWidth), "   ")))
	}
	runs := []Run{c.A, c.B}
	for i, name := range []string{"a", "b"} {
		for _, warning := range runs[i].warnings() {
			line(style.Alarm, "%s is %s", name, warning)
		}
	}
	for i, name := range []string{"a", "b"} {
		r := runs[i]
		line("", "%s  %s · %s · %s", name, r.File, r.Started.UTC().Format("2006-01-02 15:04 UTC"), format.Count(r.Rounds, "round"))
	}
	if note := c.shiftNote(); note != "" {
		line("", "%s", note)
	}
	if note := c.sameNote(); note != "" {
		line("", "%s", note)
	}
	if t := c.table(all); len(t.Rows) > 0 {
		out.WriteString("\n")
		for _, block := range t.Split(width) {
			out.WriteString(block.Text(style) + "\n")
		}
	}
	line(style.Strong, "%s", c.summary())
	for _, b := range c.Broken {
		line(style.Alarm, "%s finished in a, but not in b: %s.", b.Server, b.Why)
	}
	if len(c.OnlyA) > 0 {
		line("", "Only in a: %s.", list(c.OnlyA))
	}
	if len(c.OnlyB) > 0 {
		line("", "Only in b: %s.", list(c.OnlyB))
	}
	for _, what := range c.NotCompared {
		line("", "Not compared: %s.", what)
	}
	_, err := io.WriteString(w, out.String())
	return err
}

// warnings say why a run shows little.
func (r Run) warnings() (all []string) {
	if r.Void != "" {
		all = append(all, "VOID: "+r.Void)
	}
	if r.Disturbed != "" {
		all = append(all, r.Disturbed)
	}
	if r.Interrupted {
		all = append(all, "INTERRUPTED: it was not measured to the end")
	}
	return all
}

// table has a row for each figure; without all, for those that changed.
func (c *Comparison) table(all bool) *text.Table {
	t := &text.Table{Columns: []text.Column{{Name: "MODEL"}, {Name: "FIGURE"}, {Name: "A"}, {Name: "B"}, {Name: "CHANGE"}, {Name: "NOISE"}, {Name: "VERDICT"}}}
	for _, f := range c.Figures {
		if !all && (f.Verdict == Equal || f.Verdict == Unsure) {
			continue
		}
		row := text.Row{Cells: []string{f.Server, f.Name(), amount(f.A, f.Unit), amount(f.B, f.Unit), f.ChangeText(), fmt.Sprintf("±%.0f %%", 100*f.Noise), string(f.Verdict)}, Calm: true}
		if f.Verdict == Unsure {
			row.Cells[5], row.Remark = format.Absent, f.Why
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// summary counts the figures by their verdicts.
func (c *Comparison) summary() string {
	var parts []string
	worse, better, equal, unsure := c.count(Worse), c.count(Better), c.count(Equal), c.count(Unsure)
	if worse > 0 {
		parts = append(parts, fmt.Sprintf("%s worse", are(worse)))
	}
	if better > 0 {
		parts = append(parts, fmt.Sprintf("%s better", are(better)))
	}
	if equal > 0 {
		parts = append(parts, fmt.Sprintf("%s equal within the noise%s", are(equal), c.noises()))
	}
	if unsure > 0 {
		parts = append(parts, fmt.Sprintf("%s not judged (%s)", are(unsure), c.whyUnsure()))
	}
	if len(parts) == 0 {
		return "No figure is in both runs."
	}
	return strings.Join(parts, "; ") + "."
}

func are(n int) string {
	if n == 1 {
		return "1 figure is"
	}
	return fmt.Sprintf("%d figures are", n)
}

// noises has the median noise of each kind of figure that is measured in rounds.
func (c *Comparison) noises() string {
	var all []string
	for _, k := range []Kind{CPU, P50, P99} {
		var each []float64
		for _, f := range c.Figures {
			if f.Kind == k && f.Verdict != Unsure {
				each = append(each, f.Noise)
			}
		}
		if len(each) > 0 {
			slices.Sort(each)
			all = append(all, fmt.Sprintf("%s ±%.0f %%", strings.TrimSuffix(kinds[k].name, " a request"), 100*each[len(each)/2]))
		}
	}
	if all == nil {
		return ""
	}
	return " (" + strings.Join(all, ", ") + ")"
}

// whyUnsure is the reason of one of the figures that were not judged.
func (c *Comparison) whyUnsure() string {
	for _, f := range c.Figures {
		if f.Verdict == Unsure {
			return f.Server + ", " + f.Name() + ": " + f.Why
		}
	}
	return ""
}

// shiftNote says how the machine itself differed, by kind.
func (c *Comparison) shiftNote() string {
	var all []string
	same, servers := false, 0
	for _, k := range []Kind{CPU, P50, P99} {
		low, high := math.Inf(1), math.Inf(-1)
		for _, s := range c.Shifts {
			if s.Kind == k {
				low, high = min(low, s.Change), max(high, s.Change)
				same, servers = s.Same, max(servers, s.Servers)
			}
		}
		if low > high {
			continue
		}
		span := signed(low)
		if signed(high) != span {
			span += " to " + signed(high)
		}
		all = append(all, kinds[k].name+" "+span)
	}
	switch {
	case c.OneRun:
		return "a and b are the same run, whose rounds measured the servers in turn."
	case len(all) == 0 && slices.ContainsFunc(c.Figures, func(f Figure) bool { return f.P != nil }):
		return "Changes are absolute, the machine's own among them, because fewer than three servers are in both runs, and none is the same program in both."
	case len(all) == 0:
		return ""
	}
	by := fmt.Sprintf("the median of %s", format.Count(servers, "server"))
	if same {
		by = fmt.Sprintf("%s of the same program in both", format.Count(servers, "server"))
	}
	note := fmt.Sprintf("From a to b the machine itself changed these figures, by %s: %s.", by, strings.Join(all, ", "))
	switch {
	case c.Absolute:
		return note + " That is in the changes below (--absolute)."
	case same:
		return note + " Changes below are relative to that."
	default:
		return note + " Changes below are relative to that, so a change that is common to most servers does not show: --absolute shows it."
	}
}

// sameNote names the servers that are the same program in both runs.
func (c *Comparison) sameNote() string {
	var names []string
	for _, s := range c.Servers {
		if s.Same {
			names = append(names, s.Name)
		}
	}
	switch {
	case len(names) == 0:
		return ""
	case len(names) == len(c.Servers):
		return "All servers are the same programs in both runs."
	default:
		return "The same program in both runs: " + strings.Join(names, ", ") + "."
	}
}
