package experiments

import (
	"fmt"
	"strings"

	"github.com/ioflavors/ioflavors/common/server"
	"github.com/ioflavors/ioflavors/tools/internal/format"
	"github.com/ioflavors/ioflavors/tools/internal/load"
	"github.com/ioflavors/ioflavors/tools/internal/models"
	"github.com/ioflavors/ioflavors/tools/internal/results"
)

// experimentBlocking shows what a blocking call is in Go, as the kernel sees it.
var experimentBlocking = &Experiment{
	Statement: results.Statement{
		ID:       "E12",
		Title:    "what blocking is in Go",
		Quotes:   []string{"All the IO operations like accepting new connections … reading … and writing … are blocking."},
		Question: "Does a read wait in the kernel, without a poller's call before it, and without reads that find nothing?",
		About:    []string{"singleblocking", "multiblocking", "multiblocking --os-threads"},
		Predictions: expect(func(v models.Variant) results.Verdict {
			switch v.Name() {
			case "multiblocking --os-threads":
				return results.Confirmed
			case "singleblocking", "multiblocking":
				return results.Refuted
			}
			if v.Kind == server.NonBlocking {
				return results.Refuted // a ring waits for completions, and reads nothing itself
			}
			return ""
		}),
		Metric: "calls for each request over one connection: calls of a poller, or of io_uring_enter, which waits like a poller, and all reads but one",
		Unit:   "calls/request",
		Rule:   fmt.Sprintf("yes up to %.1f, no from %.1f on; not measurable if so few requests are answered that the calls of the runtime's monitor decide", blockingYes, blockingNo),
		Parts:  []results.Part{results.Syscalls},
	},
	counts: true,
	judge: func(r *results.Results, s *results.Server) (results.Finding, bool) {
		for _, c := range r.Syscalls {
			if c.Server != s.Name || c.Requests == 0 || !oneRequest(r.Plan.Workloads[c.Workload]) {
				continue
			}
			polls, rings, reads := waitingCalls(c)
			if answeredFew(c) && polls+rings+max(0, reads-1) > blockingYes {
				why := fmt.Sprintf("it answered %s requests a second, so few that most of the counted calls may be the runtime's own monitor's", format.ThreeDigits(float64(c.Requests)/c.Seconds))
				return results.Finding{Verdict: results.NotMeasurable, Why: why}, true
			}
			f := byThreshold([]float64{polls + rings + max(0, reads-1)}, blockingYes, blockingNo)
			switch {
			case f.Verdict == results.Confirmed:
				f.Why = "a thread sleeps in a read"
			case rings > blockingNo:
				f.Why = "io_uring_enter waits for bytes that the kernel reads"
			case polls > blockingNo:
				f.Why = "a poller waits for bytes to read"
			default:
				f.Why = "most reads find nothing"
			}
			f.Why += fmt.Sprintf("; for each request, by %s: %s", c.Method, c)
			return f, true
		}
		return results.Finding{}, false
	},
	sum: func(r *results.Results, about []results.Finding) (results.Verdict, string) {
		v, when := common(r, about)
		if v == results.OnlyWhen {
			when = "a thread of its own sleeps in the kernel: " + strings.TrimPrefix(when, "the server is ") + "; in the others Go parks the goroutine and waits with a poller"
		}
		return v, when
	},
}

// A server that needs no poller still has the runtime's monitor, which asks a poller
// at most a hundred times a second.
const (
	blockingYes = 0.1
	blockingNo  = 0.5
)

// monitorCalls is how many calls of a poller the runtime's monitor makes at most, per
// second.
const monitorCalls = 100

// answeredFew reports whether the monitor's calls alone are too many for each
// request, because the server answered few: it waited for its core.
func answeredFew(c results.SyscallCell) bool {
	return c.Seconds > 0 && monitorCalls*c.Seconds > blockingYes*float64(c.Requests)
}

// oneRequest reports whether a workload has one request at a time.
func oneRequest(w load.Workload) bool { return w.Connections == 1 && w.Depth == 1 && !w.Open() }

// waitingCalls returns how many calls of a poller, calls of io_uring_enter, and reads
// there were for each request. A ring's thread never sleeps in a read: io_uring_enter
// waits until anything is done, as a poller waits until anything can be done.
func waitingCalls(c results.SyscallCell) (polls, rings, reads float64) {
	each := func(names ...string) (sum float64) {
		for _, name := range names {
			sum += float64(c.Calls[name]) / float64(c.Requests)
		}
		return sum
	}
	return each("epoll_pwait", "epoll_wait"), each(results.RingCall), each("read", "readv", "recvfrom", "recvmsg")
}
