package results

import (
	"fmt"
	"time"

	"github.com/ioflavors/ioflavors/tools/internal/load"
)

// Trial is one run of an experiment.
type Trial struct {
	Experiment string `json:"experiment"`
	Server     string `json:"server"`
	// Case is the difference from the experiment's other runs in words, and X the
	// difference as a number, such as connections.
	Case string  `json:"case,omitempty"`
	X    float64 `json:"x,omitempty"`
	// Load is what the generator measured, and Resources what the server used. Probes is
	// what the probes measured: clients that connect, ask and leave. nil: there were
	// none.
	Load      *load.Result `json:"load,omitempty"`
	Probes    *Timeline    `json:"probes,omitempty"`
	Resources *Resources   `json:"resources,omitempty"`
	// Steal and Others are as in Cell.
	Steal  *float64 `json:"steal,omitempty"`
	Others *float64 `json:"others,omitempty"`
	// Attacks are those on the server meanwhile.
	Attacks []Attack `json:"attacks,omitempty"`
	// Figures are further counts, by a name with its unit.
	Figures map[string]float64 `json:"figures,omitempty"`
	// Note is why figures are missing.
	Note string `json:"note,omitempty"`
}

// Fill sets the trial's server and its measurements.
func (t *Trial) Fill(s *Server, c *Cell) {
	t.Server, t.Load, t.Resources, t.Steal, t.Others = s.Name, &c.Load, c.Resources, c.Steal, c.Others
}

// Besides returns what disturbed the run.
func (t *Trial) Besides() Besides {
	b := Besides{Server: t.Resources, Steal: t.Steal, Others: t.Others}
	if t.Load != nil {
		b.generator = t.Load.Generator.RunQueue
	}
	return b
}

// PerRequest returns a part of what the server used, divided by the answered
// requests. known is false where the system does not tell, or nothing was answered.
func (t Trial) PerRequest(used func(*Resources) float64) (x float64, known bool) {
	if t.Load == nil || t.Resources == nil || t.Load.Requests <= 0 {
		return 0, false
	}
	return used(t.Resources) / float64(t.Load.Requests), true
}

// TrialsOf returns an experiment's runs with a server, in the order they were made.
func (r *Results) TrialsOf(experiment, server string) (all []Trial) {
	for _, t := range r.Trials {
		if t.Experiment == experiment && t.Server == server {
			all = append(all, t)
		}
	}
	return all
}

// Taken returns why a run says more about the machine than about the server, or
// "".
func (t Trial) Taken() string { return t.Besides().Taken() }

// Timeline is what probes measured, in steps by the time when they were due.
type Timeline struct {
	Step  time.Duration `json:"step_ns"`
	Steps []Moment      `json:"steps"`
	// First is the first error of a failed probe.
	First string `json:"first_error,omitempty"`
}

// Moment is a step of a Timeline.
type Moment struct {
	Calls  int           `json:"calls"`            // answered probes
	Failed int           `json:"failed,omitempty"` // unanswered probes
	Worst  time.Duration `json:"worst_ns"`         // the longest time from when a probe was due
	Median time.Duration `json:"median_ns"`        // of those times
	// Late is how late a probe began at worst: the lab's own part of Worst.
	Late time.Duration `json:"late_ns,omitempty"`
}

// Length returns how long the probes were sent.
func (t *Timeline) Length() time.Duration { return time.Duration(len(t.Steps)) * t.Step }

// Worst returns the longest response time of probes that were due from one time until
// another.
func (t *Timeline) Worst(from, until time.Duration) (worst time.Duration) {
	for i, m := range t.Steps {
		if at := time.Duration(i) * t.Step; at >= from && at < until {
			worst = max(worst, m.Worst)
		}
	}
	return worst
}

// Late returns the greatest delay with which a probe began, of the probes that were due
// in that time.
func (t *Timeline) Late(from, until time.Duration) (late time.Duration) {
	for i, m := range t.Steps {
		if at := time.Duration(i) * t.Step; at >= from && at < until {
			late = max(late, m.Late)
		}
	}
	return late
}

// Failed counts the unanswered probes.
func (t *Timeline) Failed() (n int) {
	for _, m := range t.Steps {
		n += m.Failed
	}
	return n
}

// Attack is a client that misbehaves for a while.
type Attack struct {
	Kind  AttackKind    `json:"kind"`
	From  time.Duration `json:"from_ns"` // since the first probe
	Until time.Duration `json:"until_ns"`
	// Waited is the run-queue wait of the server's threads meanwhile, added up, and Steal
	// the share of the CPU time that the host took; 0 and nil if they are not known.
	Waited time.Duration `json:"server_waited_ns,omitempty"`
	Steal  *float64      `json:"steal,omitempty"`
}

// AttackKind is how a client misbehaves.
type AttackKind string

// The kinds of attack.
const (
	IdleClient AttackKind = "connects and says nothing"
	HalfFrame  AttackKind = "sends half a frame"
	Dribble    AttackKind = "sends a byte at a time"
	SlowReader AttackKind = "asks for much and does not read"
)

// check returns an error for a timeline too long for any axis.
func (t *Timeline) check() error {
	const longest = time.Hour
	if len(t.Steps) > 0 && (t.Step <= 0 || t.Step > longest/time.Duration(len(t.Steps))) {
		return fmt.Errorf("trials: a timeline of %d steps of %v", len(t.Steps), t.Step)
	}
	return nil
}
