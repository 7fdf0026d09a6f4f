// Package conformance checks from outside whether a server speaks the
// key/value protocol, whatever language it is written in. Each rule of the
// protocol is a small function over connections of its own; a failure says
// what was sent, what was expected and what came.
//
// The rules store values: under keys that begin with "conformance/", and under
// the few short keys of the golden frames (testdata/frames.json). Do not check
// a server whose data matters.
package conformance

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/ioflavors/ioflavors/common/conformance/probe"
)

// Rule is one thing that a server of the protocol does.
type Rule struct {
	ID    string // as Options.Only names it
	Title string
	Fault int // row of the project's fault catalogue that it tests, 0 if none

	run     func(*trial)
	applies func(Options) bool // nil: always
}

// Rules returns all rules, in the order in which Check tries them.
func Rules() []Rule {
	var all []Rule
	for _, group := range [][]Rule{
		exchangeRules, messageRules, framingRules, pipelineRules, brokenRules, leavingRules, neighbourRules, limitRules, timeoutRules,
	} {
		all = append(all, group...)
	}
	return all
}

// Select returns the rules that Check tries with these options.
func Select(o Options) []Rule {
	o = o.withDefaults()
	return slices.DeleteFunc(Rules(), func(r Rule) bool { return !o.selects(r) })
}

// LeastMaxFrame is how long a frame some of the rules need, in bytes.
const LeastMaxFrame = 200

// Options is what is known about the server. The zero value fits a server with
// the protocol's usual limits that serves many clients at once.
type Options struct {
	// MaxFrame is the largest length that the server accepts, body and
	// footer, in bytes: at least LeastMaxFrame. 0: 1 MiB.
	MaxFrame int
	// OneAtATime: a client may keep all others waiting until it leaves. A
	// rule that is about a second client then asks for what still has to be
	// true: that it is served once the first has left.
	OneAtATime bool
	// These are the server's. 0 means not known, and the rules about it are
	// not run. Give the server small ones, a second or less: the rules wait
	// for them. TurnLimit is for servers with one client at a time.
	IdleTimeout, FrameTimeout, WriteTimeout, TurnLimit time.Duration
	// MaxConns is how many clients the server serves before it refuses one.
	// 0 means not known, and the rule about it is not run. Give the server
	// few: the rule makes so many connections.
	MaxConns int
	// Clients is how many connections there are at once where a rule is
	// about many. 0: 64.
	Clients int
	// RuleTimeout ends a rule, which then fails. 0: 10 s. If the machine was busy
	// meanwhile, the rule is tried once more, with three times as much time; if that
	// happens again, the rule is not judged.
	RuleTimeout time.Duration
	// Process is the number of the server's process, if it runs on this machine.
	// With it the check can tell whether the server had a core when it wanted one.
	// 0: not known.
	Process int
	// Only are the IDs of the rules to check. Empty: all.
	Only []string
	// Progress is told each result as it comes. It may be nil.
	Progress func(Result)

	// watch is watchMachine, but in tests.
	watch func(process int) (stop func() strain)
}

func (o Options) withDefaults() Options {
	if o.MaxFrame == 0 {
		o.MaxFrame = 1 << 20
	}
	if o.Clients == 0 {
		o.Clients = 64
	}
	if o.RuleTimeout == 0 {
		o.RuleTimeout = 10 * time.Second
	}
	if o.watch == nil {
		o.watch = watchMachine
	}
	return o
}

// leastTimeout is how short the shortest timeout of a server may be of which none
// is known.
const leastTimeout = time.Second

// shortestTimeout returns the shortest of the server's timeouts that are known, or
// else leastTimeout.
func (o Options) shortestTimeout() (shortest time.Duration) {
	for _, d := range []time.Duration{o.IdleTimeout, o.FrameTimeout, o.WriteTimeout, o.TurnLimit} {
		if d > 0 && (shortest == 0 || d < shortest) {
			shortest = d
		}
	}
	return cmp.Or(shortest, leastTimeout)
}

// Result is the outcome of one rule: it passed, failed, or was not judged.
type Result struct {
	Rule
	Reason string // why it failed, or was not judged; "" if it passed
	// NotJudged: the rule says nothing about the server, because the check was
	// interrupted, or because the machine was too busy.
	NotJudged bool
	Duration  time.Duration
}

// Passed reports whether the server follows the rule.
func (r Result) Passed() bool { return r.Reason == "" }

// Failed reports whether the server breaks the rule.
func (r Result) Failed() bool { return r.Reason != "" && !r.NotJudged }

// MarshalJSON encodes the result with its rule's fields beside its own.
func (r Result) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		ID     string `json:"id"`
		Title  string `json:"title"`
		Fault  int    `json:"fault,omitempty"`
		Passed bool   `json:"passed"`
		// A rule that was not judged has not passed.
		NotJudged bool    `json:"not_judged,omitempty"`
		Reason    string  `json:"reason,omitempty"`
		Seconds   float64 `json:"seconds"`
	}{r.ID, r.Title, r.Fault, r.Passed(), r.NotJudged, r.Reason, r.Duration.Seconds()})
}

// Report is the outcome of a check.
type Report struct {
	Results []Result
	// NotRun are the rules that Options left out.
	NotRun []Rule
}

// Total returns the number of rules that were run.
func (r Report) Total() int { return len(r.Results) }

// Passed returns how many of them the server follows.
func (r Report) Passed() int { return len(r.those(Result.Passed)) }

// Failed returns the results of those that it breaks.
func (r Report) Failed() []Result { return r.those(Result.Failed) }

// NotJudged returns the results of those that say nothing about it.
func (r Report) NotJudged() []Result {
	return r.those(func(r Result) bool { return r.NotJudged })
}

func (r Report) those(are func(Result) bool) (some []Result) {
	for _, result := range r.Results {
		if are(result) {
			some = append(some, result)
		}
	}
	return some
}

// Check tries the rules on the server at addr, one after the other. When ctx
// ends, the rules that are left are not judged.
func Check(ctx context.Context, addr string, o Options) Report {
	o = o.withDefaults()
	var report Report
	for _, rule := range Rules() {
		if !o.selects(rule) {
			report.NotRun = append(report.NotRun, rule)
			continue
		}
		result := rule.check(ctx, addr, o)
		report.Results = append(report.Results, result)
		if o.Progress != nil {
			o.Progress(result)
		}
	}
	return report
}

func (o Options) selects(r Rule) bool {
	if r.applies != nil && !r.applies(o) {
		return false
	}
	return len(o.Only) == 0 || slices.Contains(o.Only, r.ID)
}

// tries is how often a rule is tried, and with how many times its limit, while
// the machine is too busy to judge it.
var tries = []time.Duration{1, 3}

// check runs the rule, and again with more time where the machine may be why it
// failed.
func (r Rule) check(ctx context.Context, addr string, o Options) Result {
	begin := time.Now()
	result := Result{Rule: r}
	for _, times := range tries {
		limit := times * o.RuleTimeout
		stop := o.watch(o.Process)
		reason, timedOut := r.try(ctx, addr, o, limit)
		strain := stop()
		result.Reason, result.NotJudged = reason, false
		if reason == "" {
			break
		}
		if ctx.Err() != nil {
			result.Reason, result.NotJudged = fmt.Sprintf("interrupted: %v", context.Cause(ctx)), true
			break
		}
		excuse := strain.excuse(failed{timedOut, probe.SaysEnded(reason), o.shortestTimeout()})
		if excuse == "" {
			break
		}
		result.Reason, result.NotJudged = excuse+"; "+reason, true
	}
	result.Duration = time.Since(begin)
	return result
}

// try runs the rule once on connections of its own, all of which are closed when
// it returns. It returns why the rule failed, "" if it did not, and whether the
// time for it was over.
func (r Rule) try(ctx context.Context, addr string, o Options, limit time.Duration) (reason string, timedOut bool) {
	limit += o.IdleTimeout + o.FrameTimeout + o.WriteTimeout + o.TurnLimit // some rules wait for these
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	reason = probe.Try(func(t probe.T) { r.run(newTrial(ctx, t, addr, o)) })
	// What ends at the deadline may do so before the context is done.
	deadline, _ := ctx.Deadline()
	if reason != "" && (ctx.Err() != nil || !time.Now().Before(deadline)) {
		return fmt.Sprintf("%s (the time for a rule is %v)", reason, limit), true
	}
	return reason, false
}
