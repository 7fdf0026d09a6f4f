// Package conformance checks a server from outside, whatever language it is written
// in. There are two sets of rules: Check tries whether a server speaks the key/value
// protocol, and Transport whether a server of any request/reply protocol serves its
// clients as TCP demands. A rule is a small function with connections of its own. A
// failure reports the bytes sent, the expected reply and the actual one.
//
// The rules of Check store values under keys that begin with "conformance/", and under
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

// Rule is one requirement of the protocol.
type Rule struct {
	ID    string // as Options.Only names it
	Title string
	Fault int // row of the project's fault catalogue that the rule tests, 0 if none

	run     func(*trial)
	applies func(Options) bool // nil: always
	ends    bool               // the rule ends the server
}

// EndsServer reports whether the rule ends the server, which has to be started again
// for another rule.
func (r Rule) EndsServer() bool { return r.ends }

// Rules returns all rules of the key/value protocol, in the order in which Check tries them.
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
	return selected(Rules(), o.withDefaults())
}

func selected(rules []Rule, o Options) []Rule {
	return slices.DeleteFunc(rules, func(r Rule) bool { return !o.selects(r) })
}

// LeastMaxFrame is the frame length that some of the rules need, in bytes.
const LeastMaxFrame = 200

// Options describes the server. The zero value fits a server with the
// protocol's usual limits that serves many clients at once.
type Options struct {
	// MaxFrame is the largest length that the server accepts, body and
	// footer, in bytes: at least LeastMaxFrame. 0: 1 MiB.
	MaxFrame int
	// OneAtATime: a client may keep all others waiting until it leaves. A rule
	// about a second client then only requires that the second is served after
	// the first has left.
	OneAtATime bool
	// The server's timeouts. 0 means unknown, and the rules about that timeout
	// are not run. Configure the server with small timeouts, a second or less,
	// because the rules wait for them. TurnLimit is for servers that serve one
	// client at a time.
	IdleTimeout, FrameTimeout, WriteTimeout, TurnLimit time.Duration
	// MaxConns is the number of clients that the server serves before it refuses
	// one. 0 means unknown, and the rule about it is not run. Configure the
	// server with a small number, because the rule opens that many connections.
	MaxConns int
	// Clients is the number of simultaneous connections in rules about many
	// clients. 0: 64, or 400 with Transport.
	Clients int
	// RuleTimeout ends a rule, which then fails. 0: 10 s. If the machine was busy
	// meanwhile, the rule is tried once more with three times the time. If the
	// machine was busy again, the rule is not judged.
	RuleTimeout time.Duration
	// Process is the server's process ID, if the server runs on this machine. With
	// it the check can tell whether the server had a core when it was ready to
	// run. 0: unknown, and the rules of Transport about the process are not run.
	Process int
	// Spins: the server may use a core while its clients are idle.
	Spins bool
	// Stop asks the server to end, as SIGTERM does, and returns when it has ended. nil:
	// unknown, and the rule about it is not run. Its context ends with the rule's time.
	Stop func(context.Context) error
	// Only lists the IDs of the rules to check. Empty: all.
	Only []string
	// Progress is called with each result as it comes. It may be nil.
	Progress func(Result)

	// talk is the protocol; nil is the key/value protocol.
	talk *talk
	// watch is watchMachine, except in tests.
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

// leastTimeout is the assumed shortest timeout of a server if no timeout is
// known.
const leastTimeout = time.Second

// shortestTimeout returns the shortest known timeout of the server, or
// leastTimeout if none is known.
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
	Reason string // why it failed or was not judged; "" if it passed
	// NotJudged: the rule says nothing about the server, because the check was
	// interrupted or the machine was too busy.
	NotJudged bool
	// TimedOut: it failed, or was not judged, when its time was over.
	TimedOut bool
	Duration time.Duration
}

// Passed reports whether the server follows the rule.
func (r Result) Passed() bool { return r.Reason == "" }

// Failed reports whether the server breaks the rule.
func (r Result) Failed() bool { return r.Reason != "" && !r.NotJudged }

// MarshalJSON encodes the fields of the result and of its rule side by side.
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
	// NotRun lists the rules that Options left out.
	NotRun []Rule
}

// Total returns the number of rules that were run.
func (r Report) Total() int { return len(r.Results) }

// Passed returns the number of rules that the server follows.
func (r Report) Passed() int { return len(r.those(Result.Passed)) }

// Failed returns the results of the rules that the server breaks.
func (r Report) Failed() []Result { return r.those(Result.Failed) }

// NotJudged returns the results of the rules that were not judged.
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
// ends, the remaining rules are not judged.
func Check(ctx context.Context, addr string, o Options) Report {
	return checkAll(ctx, addr, Rules(), o.withDefaults())
}

func checkAll(ctx context.Context, addr string, rules []Rule, o Options) Report {
	var report Report
	for _, rule := range rules {
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

// tries are the factors of a rule's time limit, one for each try. A further
// try is made only if the machine was too busy to judge the rule.
var tries = []time.Duration{1, 3}

// check runs the rule. If the machine may be the reason for a failure, it runs
// the rule again with more time.
func (r Rule) check(ctx context.Context, addr string, o Options) Result {
	begin := time.Now()
	result := Result{Rule: r}
	tries := tries
	if r.ends {
		tries = tries[len(tries)-1:] // there is no server for a second try
	}
	for _, times := range tries {
		limit := times * o.RuleTimeout
		stop := o.watch(o.Process)
		reason, timedOut := r.try(ctx, addr, o, limit)
		strain := stop()
		result.Reason, result.NotJudged, result.TimedOut = reason, false, timedOut
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

// try runs the rule once, on connections that are all closed when try returns.
// It returns why the rule failed ("" if it did not), and whether its time was
// over.
func (r Rule) try(ctx context.Context, addr string, o Options, limit time.Duration) (reason string, timedOut bool) {
	limit += o.IdleTimeout + o.FrameTimeout + o.WriteTimeout + o.TurnLimit // some rules wait for these
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	reason = probe.Try(func(t probe.T) { r.run(newTrial(ctx, t, addr, o)) })
	// A call that ends at the deadline may return before the context is done.
	deadline, _ := ctx.Deadline()
	if reason != "" && (ctx.Err() != nil || !time.Now().Before(deadline)) {
		return fmt.Sprintf("%s (the time for a rule is %v)", reason, limit), true
	}
	return reason, false
}
