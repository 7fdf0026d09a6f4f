package experiments

import (
	"fmt"
	"time"

	"github.com/ioflavors/ioflavors/tools/internal/format"
	"github.com/ioflavors/ioflavors/tools/internal/results"
)

// stallsOf returns the longest wait during each attack, in seconds. It leaves out the
// attacks whose answer the machine may have made, and returns why it left out the
// last of them. The answer is no up to a tenth of the attack's length, and yes from
// half of it on.
//
// A wait counts if the machine's part is at most a tenth of the attack, or if the
// wait is so short that the answer is no. Otherwise it counts only if the wait
// without the machine's part is at least half of the attack, and at most the whole
// attack, because an attack makes no probe wait for longer than it lasts.
func stallsOf(t results.Trial) (waits []float64, why string) {
	for _, a := range t.Attacks {
		length := a.Until - a.From
		wait := t.Probes.Worst(a.From, a.Until)
		machine, what := machineWait(t, a)
		if rest := wait - machine; wait > length/10 && machine > length/10 && (rest < length/2 || rest > length) {
			why = fmt.Sprintf("the longest wait during an attack of %v was %s, and the machine may have made it: %s", length, format.Latency(wait), what)
			continue
		}
		waits = append(waits, wait.Seconds())
	}
	return waits, why
}

// machineWait returns for how long, at most, the machine may have kept a probe
// waiting during an attack, and how. The machine makes all waits before the first
// attack.
func machineWait(t results.Trial, a results.Attack) (longest time.Duration, how string) {
	stolen := time.Duration(0)
	if a.Steal != nil {
		stolen = time.Duration(*a.Steal * float64(a.Until-a.From))
	}
	for _, part := range []struct {
		wait time.Duration
		how  string
	}{
		{a.Waited, "the server waited for a core for %s of it"},
		{stolen, "the host had the cores for %s of it"},
		{t.Probes.Late(a.From, a.Until), "probes began to ask up to %s late"},
		// Without the last step, because a probe that is due just before the attack
		// may come just after its beginning.
		{t.Probes.Worst(0, t.Attacks[0].From-t.Probes.Step), "probes waited for up to %s before the first attack"},
	} {
		if part.wait > longest {
			longest, how = part.wait, fmt.Sprintf(part.how, format.Latency(part.wait))
		}
	}
	return longest, how
}
