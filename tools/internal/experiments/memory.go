package experiments

import (
	"fmt"

	"github.com/ioflavors/ioflavors/common/server"
	"github.com/ioflavors/ioflavors/tools/internal/format"
	"github.com/ioflavors/ioflavors/tools/internal/models"
	"github.com/ioflavors/ioflavors/tools/internal/results"
)

// experimentMemory is judged by the memory that silent connections cost.
var experimentMemory = &Experiment{
	Statement: results.Statement{
		ID:    "E7",
		Title: "stacks take memory",
		Quotes: []string{
			"Creating and managing threads requires resources",
			"There's a limit to how many threads a machine can handle",
		},
		Question: "Does a silent client take as much memory as a stack?",
		About:    []string{"multiblocking", "multiblocking --os-threads"},
		Predictions: expect(func(v models.Variant) results.Verdict {
			switch {
			case goroutineEach(v):
				return results.Confirmed
			case v.Kind == server.NonBlocking:
				// A ring's receive buffers do not grow with the clients, and the
				// kernel holds the operation that waits for each client.
				return results.Refuted
			}
			return ""
		}),
		Metric: "the server's own memory (RSS) per silent connection, with the most connections that it held; the kernel's stacks, buffers and pending operations are not counted. Measured once",
		Unit:   "KiB per connection",
		Rule:   "yes from 2 KiB on, the smallest stack of a goroutine, no up to 0.5 KiB; not measurable with less than 500 connections, because the program's own memory hides theirs",
		Parts:  []results.Part{results.Idle},
	},
	counts: true,
	judge: func(r *results.Results, s *results.Server) (results.Finding, bool) {
		var first, last *results.IdleCell
		for i, c := range r.Idle {
			if c.Server != s.Name || c.Resources == nil {
				continue
			}
			if last = &r.Idle[i]; first == nil {
				first = last
			}
		}
		if last == nil {
			return results.Finding{}, false
		}
		const enough = 500
		if last.Connections-first.Connections < enough {
			return results.Finding{Verdict: results.NotMeasurable, Why: fmt.Sprintf("it holds no more than %s", format.Count(last.Connections, "connection"))}, true
		}
		bytes, _ := r.PerConnection(s.Name)
		f := byThreshold([]float64{bytes / (1 << 10)}, 2, 0.5)
		f.Why = fmt.Sprintf("with %s connections%s it has %s and %s MiB, with %s it had %s and %s MiB",
			format.Thousands(float64(last.Connections)), perClient(s.Target, last.Connections-first.Connections, last.Resources.Threads-first.Resources.Threads),
			format.Count(last.Resources.Threads, "thread"), format.Mebibytes(last.Resources.RSS),
			format.Thousands(float64(first.Connections)), format.Count(first.Resources.Threads, "thread"), format.Mebibytes(first.Resources.RSS))
		if last.Short != "" {
			f.Why += "; that is its limit: " + last.Short
		}
		return f, true
	},
}

// perClient says what a server has for each client: a thread, or a goroutine.
// connections and threads are how much their numbers have grown. In Go, a blocking
// call may take a goroutine's stack, and no thread.
func perClient(s results.Target, connections, threads int) string {
	switch {
	case 2*threads > connections: // about a thread each
		return ", a thread each,"
	case goroutineEach(models.VariantOf(s)):
		return ", a goroutine each and no thread,"
	default:
		return ""
	}
}
