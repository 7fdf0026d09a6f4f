package experiments

import (
	"context"
	"fmt"
	"time"

	"github.com/ioflavors/ioflavors/tools/internal/bench"
	"github.com/ioflavors/ioflavors/tools/internal/format"
	"github.com/ioflavors/ioflavors/tools/internal/models"
	"github.com/ioflavors/ioflavors/tools/internal/proc"
	"github.com/ioflavors/ioflavors/tools/internal/results"
)

// experimentSlowReader has a client that asks for much and reads nothing, while
// others come, ask and go.
var experimentSlowReader = &Experiment{
	Statement: results.Statement{
		ID:       "E11",
		Title:    "a client that does not read",
		Question: "Do other clients wait for as long as one client does not read its replies?",
		// All our servers, because the article does not mention slow readers.
		About:       models.TargetNames(models.Models("")),
		Predictions: expect(oneAtATime),

		Metric: "the longest wait of another client that came while one client asked for 64 KiB a thousand times and did not read; median and range of three repeats",
		Unit:   "s",
		Rule:   "yes from half of that time on, no up to a tenth; a repeat is left out if the machine may have made the answer, because the server had no core or the probes were late",
	},
	takes: func(results.Plan, *results.Server) time.Duration { return bench.StartStopTime + slowReaderLength },
	run: func(ctx context.Context, b *bench.Bench, s *results.Server) error {
		return b.With(ctx, s.Target, func(p *proc.Process) error {
			attacks := slowReaderAttacks()
			memory := watchMemory(p.PID)
			line, err := call(ctx, p.Addr, slowReaderLength, attacks, p.WatchAttack)
			figures := memory.end(attacks[0].From)
			if line != nil {
				b.Results.Trials = append(b.Results.Trials, results.Trial{Experiment: "E11", Server: s.Name, Probes: line, Attacks: attacks, Figures: figures})
			}
			return err
		})
	},
	judge: func(r *results.Results, s *results.Server) (results.Finding, bool) {
		trials := r.TrialsOf("E11", s.Name)
		if len(trials) == 0 {
			return results.Finding{}, false
		}
		t := trials[0]
		if t.Probes == nil {
			return results.Finding{Verdict: results.NotMeasurable, Why: t.Note}, true
		}
		waits, why := stallsOf(t)
		if len(waits) == 0 {
			return results.Finding{Verdict: results.NotMeasurable, Why: why}, true
		}
		f := byThreshold(waits, slowReaderAttack.Seconds()/2, slowReaderAttack.Seconds()/10)
		f.Why = fmt.Sprintf("others waited for up to %s while a client did not read for %v", format.Latency(format.Seconds(f.Number)), slowReaderAttack)
		if rss, known := t.Figures[rssGrowth]; known {
			f.Why += fmt.Sprintf(", and the server's memory grew by %s MiB, that of the kernel's sockets by %s MiB", format.Mebibytes(int64(rss)), format.Mebibytes(int64(t.Figures[socketGrowth])))
		}
		f.LeaveOut(why)
		if n := t.Probes.Failed(); n > 0 {
			f.Why += fmt.Sprintf("; %s got no answer: %s", format.Count(n, "probe"), t.Probes.First)
		}
		return f, true
	},
}

// slowReaderAttack is how long a client does not read: less than the time after which
// a server closes it. slowReaderRest is the quiet time before, between and after.
const (
	slowReaderAttack = 800 * time.Millisecond
	slowReaderRest   = 300 * time.Millisecond
	slowReaderTimes  = 3
	slowReaderLength = slowReaderTimes*slowReaderAttack + (slowReaderTimes+1)*slowReaderRest
)

func slowReaderAttacks() (all []results.Attack) {
	for i := range time.Duration(slowReaderTimes) {
		from := slowReaderRest + i*(slowReaderAttack+slowReaderRest)
		all = append(all, results.Attack{Kind: results.SlowReader, From: from, Until: from + slowReaderAttack})
	}
	return all
}

// E11's figures, in bytes: the growth beyond the largest value of the quiet time at
// the beginning.
const (
	rssGrowth    = "RSS growth, bytes"
	socketGrowth = "growth of the machine's TCP buffers, bytes"
)

// memoryWatch samples a process's memory.
type memoryWatch struct {
	stop    chan struct{}
	samples chan []memorySample
}

type memorySample struct {
	at           time.Duration // since the watch began
	rss, sockets int64         // bytes
}

const memoryStep = 50 * time.Millisecond

func watchMemory(pid int) *memoryWatch {
	w := &memoryWatch{stop: make(chan struct{}), samples: make(chan []memorySample)}
	began := time.Now()
	go func() {
		var all []memorySample
		tick := time.NewTicker(memoryStep)
		defer tick.Stop()
		for {
			if m, err := proc.MemoryOf(pid); err == nil {
				all = append(all, memorySample{time.Since(began), m.RSS, m.Sockets})
			}
			select {
			case <-tick.C:
			case <-w.stop:
				w.samples <- all
				return
			}
		}
	}()
	return w
}

// end ends the watch. It returns the growth of the memory beyond its largest value
// until quiet, counted from the watch's beginning; nil if it is not known.
func (w *memoryWatch) end(quiet time.Duration) map[string]float64 {
	close(w.stop)
	return growth(<-w.samples, quiet)
}

// growth compares the largest samples until quiet with the largest ones after it.
func growth(samples []memorySample, quiet time.Duration) map[string]float64 {
	var before, after memorySample
	for _, s := range samples {
		most := &before
		if s.at > quiet {
			most = &after
		}
		most.rss, most.sockets = max(most.rss, s.rss), max(most.sockets, s.sockets)
	}
	if before.rss == 0 || after.rss == 0 {
		return nil
	}
	return map[string]float64{
		rssGrowth:    float64(max(0, after.rss-before.rss)),
		socketGrowth: float64(max(0, after.sockets-before.sockets)),
	}
}
