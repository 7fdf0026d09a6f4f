// Package compare says what changed between two runs of the lab, beyond the noise of
// both.
package compare

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ioflavors/ioflavors/tools/internal/format"
	"github.com/ioflavors/ioflavors/tools/internal/results"
)

// Comparison is what changed from run A to run B.
type Comparison struct {
	A Run `json:"a"`
	B Run `json:"b"`
	// Servers were measured in both runs, OnlyA and OnlyB in one of them.
	Servers []Server `json:"servers"`
	OnlyA   []string `json:"only_a,omitempty"`
	OnlyB   []string `json:"only_b,omitempty"`
	// Broken are servers that finished in A, and that failed in B.
	Broken []Broken `json:"broken,omitempty"`
	// OneRun: A and B are the same run, whose rounds measured the servers in turn, so the
	// machine is the same. Absolute: changes contain the machine's own.
	OneRun   bool `json:"one_run"`
	Absolute bool `json:"absolute"`
	// Shifts are how the machine itself differed. Changes are relative to them, unless
	// Absolute.
	Shifts  []Shift  `json:"shifts,omitempty"`
	Figures []Figure `json:"figures"`
	// NotCompared says what cannot be compared, and why, a sentence each.
	NotCompared []string `json:"not_compared,omitempty"`
}

// Run describes one of the two runs.
type Run struct {
	File    string    `json:"file"`
	Started time.Time `json:"started"`
	Rounds  int       `json:"rounds"`
	// Void and Disturbed are why the run shows little (results.Results); empty: it is
	// sound. Interrupted: it was not measured to the end.
	Void        string `json:"void,omitempty"`
	Disturbed   string `json:"disturbed,omitempty"`
	Interrupted bool   `json:"interrupted,omitempty"`
	// Noise are the differences between two measurements of the same server.
	Noise []results.Noise `json:"noise,omitempty"`
}

// Server is a server of both runs.
type Server struct {
	Name string `json:"name"`
	// InB is its name in run B.
	InB string `json:"name_in_b"`
	// Same: the same program was started with the same flags in both runs, so no change
	// is its own.
	Same bool `json:"same_program"`
}

// Broken is a server that finished in run A, and that failed in run B.
type Broken struct {
	Server string `json:"server"`
	Why    string `json:"why"`
}

// Verdict is what a change means.
type Verdict string

// The verdicts.
const (
	Equal  Verdict = "equal" // within the noise
	Better Verdict = "better"
	Worse  Verdict = "worse"
	Unsure Verdict = "not judged"
)

// Figure is a figure of a server that both runs have.
type Figure struct {
	Server string `json:"server"`
	Kind   Kind   `json:"kind"`
	// Under is the workload: "50 conns", or "5,000/s".
	Under string `json:"under,omitempty"`
	Unit  string `json:"unit"`
	// A and B are the figure in each run: the median of its rounds, if there are several.
	A float64 `json:"a"`
	B float64 `json:"b"`
	// RoundsA and RoundsB are the rounds that count. 0: the figure is not measured in
	// rounds.
	RoundsA int `json:"rounds_a,omitempty"`
	RoundsB int `json:"rounds_b,omitempty"`
	// Change is how much larger the figure is in B, less the machine's shift: 0.1 is 10 %
	// more. nil: A is 0, or the figure was not judged.
	Change *float64 `json:"change,omitempty"`
	// Noise is the largest change that would mean nothing.
	Noise float64 `json:"noise"`
	// P is the probability of such different rounds of equal servers, by the Mann-Whitney
	// test, and without regard to the other figures. nil: there are no rounds.
	P       *float64 `json:"p,omitempty"`
	Verdict Verdict  `json:"verdict"`
	// Why is the reason if the figure was not judged.
	Why string `json:"why,omitempty"`
}

// Shift is how figures of one kind, under one workload, differ as a whole.
type Shift struct {
	Kind  Kind   `json:"kind"`
	Under string `json:"under"`
	// Change is the median change of the servers it is taken from: 0.1 is 10 % more in B.
	Change float64 `json:"change"`
	// Servers is the number of these servers. Same: they are the same programs in both
	// runs, so that the change must be the machine's.
	Servers int  `json:"servers"`
	Same    bool `json:"same_programs"`
}

// Options say how to compare.
type Options struct {
	// FileA and FileB name the runs. OneRun: they are the same.
	FileA, FileB string
	OneRun       bool
	// Absolute leaves the machine's shift in the changes.
	Absolute bool
	// Pairs are servers that have another name in the other run.
	Pairs []Pair
}

// Pair is a server of run A, and the server of run B to compare it with.
type Pair struct{ A, B string }

// Compare compares two runs, which results.Read has checked.
func Compare(a, b *results.Results, o Options) (*Comparison, error) {
	c := &Comparison{A: describe(a, o.FileA), B: describe(b, o.FileB), Absolute: o.Absolute, OneRun: o.OneRun}
	if err := c.match(a, b, o.Pairs); err != nil {
		return nil, err
	}
	for _, part := range results.Parts {
		if a.Plan.Has(part) != b.Plan.Has(part) {
			c.skip("the part %s: it is in one of the plans only", part)
		}
	}
	machine := c.machines(a.Environment, b.Environment)
	if machine {
		c.inRounds(a, b)
	}
	c.once(a, b, machine)
	if len(c.Figures) == 0 && len(c.Broken) == 0 {
		return nil, c.nothing()
	}
	// By server, in the order of run a.
	at := map[string]int{}
	for i, s := range c.Servers {
		at[s.Name] = i
	}
	slices.SortStableFunc(c.Figures, func(x, y Figure) int { return cmp.Compare(at[x.Server], at[y.Server]) })
	return c, nil
}

// match finds the servers of both runs.
func (c *Comparison) match(a, b *results.Results, pairs []Pair) error {
	inB, taken := make(map[string]string), make(map[string]bool)
	for _, p := range pairs {
		switch {
		case a.Server(p.A) == nil:
			return fmt.Errorf("a has no server %q", p.A)
		case b.Server(p.B) == nil:
			return fmt.Errorf("b has no server %q", p.B)
		case inB[p.A] != "" || taken[p.B]:
			return fmt.Errorf("%s and %s: one of them is in two pairs", p.A, p.B)
		}
		inB[p.A], taken[p.B] = p.B, true
	}
	for _, s := range a.Servers {
		name := inB[s.Name]
		if name == "" {
			if c.OneRun && len(pairs) > 0 {
				continue // it would be compared with itself
			}
			if name = s.Name; taken[name] || b.Server(name) == nil {
				c.OnlyA = append(c.OnlyA, name)
				continue
			}
			taken[name] = true
		}
		other := b.Server(name)
		if s.Protocol != other.Protocol {
			c.skip("%s: it speaks %s in a, and %s in b", s.Name, protocol(s), protocol(other))
			continue
		}
		c.Servers = append(c.Servers, Server{s.Name, name, same(s, other)})
		if s.Unavailable != other.Unavailable {
			c.skip("%s: a system can run it, and the other one cannot: %s", s.Name, cmp.Or(s.Unavailable, other.Unavailable))
		}
		if why := failure(b, other); why != "" && failure(a, s) == "" {
			c.Broken = append(c.Broken, Broken{s.Name, why})
		}
	}
	for _, s := range b.Servers {
		if !taken[s.Name] && !c.OneRun {
			c.OnlyB = append(c.OnlyB, s.Name)
		}
	}
	return nil
}

// nothing is the error for runs that have no figure in common.
func (c *Comparison) nothing() error {
	reasons := slices.Clone(c.NotCompared)
	if len(c.Servers) == 0 {
		reasons = append(reasons, fmt.Sprintf("a has the servers %s, b has %s", list(c.OnlyA), list(c.OnlyB)))
	}
	if len(reasons) == 0 {
		reasons = append(reasons, "they were not measured in the same parts of the lab")
	}
	return errors.New("the runs have no figure in common: " + strings.Join(reasons, "; "))
}

func list(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}

func describe(r *results.Results, file string) Run {
	return Run{
		File: file, Started: r.Started, Rounds: r.Plan.Rounds,
		Void: r.Void(), Disturbed: r.Disturbed(), Interrupted: !r.Complete, Noise: r.Noise,
	}
}

func protocol(s *results.Server) string { return string(cmp.Or(s.Protocol, "this project's protocol")) }

// same reports whether both servers are the same program with the same flags. The
// program's own path may differ.
func same(a, b *results.Server) bool {
	return a.Binary != "" && a.Binary == b.Binary && len(a.Command) > 0 && len(b.Command) > 0 && slices.Equal(a.Command[1:], b.Command[1:])
}

// failure says that a server did not finish, or that it made errors under load; "" if
// neither.
func failure(r *results.Results, s *results.Server) string {
	switch {
	case s.DNF != "":
		return s.DNF
	case slices.Contains(r.Failed(), s.Name):
		return "errors under load"
	default:
		return ""
	}
}

// skip notes what cannot be compared.
func (c *Comparison) skip(reason string, args ...any) {
	c.NotCompared = append(c.NotCompared, fmt.Sprintf(reason, args...))
}

// machines reports whether the runs are of one machine in one state, as far as they
// tell. If not, it notes the difference, and no figure that depends on the machine's
// speed is compared.
func (c *Comparison) machines(a, b results.Environment) bool {
	var differ []string
	for _, f := range []struct {
		what string
		a, b any
	}{
		{"system", a.OS + "/" + a.Arch, b.OS + "/" + b.Arch},
		{"processor", a.CPU, b.CPU},
		{"cores", a.Cores, b.Cores},
		{"cores of their own for server and load", a.Pinned, b.Pinned},
		{"GOMAXPROCS of the servers", a.ServerProcs, b.ServerProcs},
	} {
		if f.a != f.b {
			differ = append(differ, fmt.Sprintf("%s (%v in a, %v in b)", f.what, f.a, f.b))
		}
	}
	if len(differ) > 0 {
		c.skip("every figure that depends on the machine's speed, because the machines differ: %s", strings.Join(differ, ", "))
	}
	return len(differ) == 0
}

// Worse returns the figures that are worse by more than limit, beyond the noise: 0.1 is
// 10 %. Those that were 0 are among them.
func (c *Comparison) Worse(limit float64) (all []Figure) {
	for _, f := range c.Figures {
		if f.Verdict == Worse && (f.Change == nil || max(*f.Change, -*f.Change) > limit) {
			all = append(all, f)
		}
	}
	return all
}

// Hidden counts the figures in which a worsening by limit could pass for noise, of all that
// were measured in rounds. The others, measured once, have a wide tolerance on purpose.
func (c *Comparison) Hidden(limit float64) (hidden, of int) {
	for _, f := range c.Figures {
		if f.P == nil || f.Verdict == Unsure {
			continue
		}
		of++
		if f.Verdict == Equal && f.Noise > limit {
			hidden++
		}
	}
	return hidden, of
}

// Judged counts the figures with a verdict.
func (c *Comparison) Judged() int { return len(c.Figures) - c.count(Unsure) }

func (c *Comparison) count(v Verdict) (n int) {
	for _, f := range c.Figures {
		if f.Verdict == v {
			n++
		}
	}
	return n
}

// Name names the figure: "CPU a request, 50 conns".
func (f Figure) Name() string {
	if f.Under == "" {
		return kinds[f.Kind].name
	}
	return kinds[f.Kind].name + ", " + f.Under
}

// ChangeText is "+11.2 %".
func (f Figure) ChangeText() string {
	if f.Change == nil {
		return format.Absent
	}
	return signed(*f.Change)
}

func signed(change float64) string { return fmt.Sprintf("%+.1f %%", 100*change) }
