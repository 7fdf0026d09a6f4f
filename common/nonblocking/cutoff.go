package nonblocking

import "time"

// Cutoff is the time as of which a loop judges its clients: late ones by their timers,
// and held ones by the places that others have left. The loop must first handle
// everything that had arrived by then. So a stalled server (even one stopped by
// SIGSTOP) never times out a punctual client.
//
// Most waits return all the events that there are, and the cutoff passes at their end.
// After a full batch other events may be waiting. Then the cutoff stays for the next
// iterations, until the loop has handled as many events as there could have been. So
// timers are judged even if every batch is full.
type Cutoff struct {
	at        time.Duration
	held      int64 // Acceptor.Held at that time
	unhandled int   // the largest number of unhandled events that came before the time at
}

// Begin is called before the loop asks the kernel for events, at the time now. At most
// waiting events can be there by now. held is Acceptor.Held. Begin does nothing until
// an earlier cutoff has passed.
func (c *Cutoff) Begin(now time.Duration, waiting int, held int64) {
	if c.Passed() {
		*c = Cutoff{now, held, waiting}
	}
}

// Handled notes that the loop has handled n events, and whether they were all that the
// kernel had.
func (c *Cutoff) Handled(n int, all bool) {
	if c.unhandled -= n; all {
		c.unhandled = 0
	}
}

// Passed reports whether everything that had arrived by the cutoff is handled.
func (c *Cutoff) Passed() bool { return c.unhandled <= 0 }

// Timers returns the argument for Conns.Expired: the cutoff if it has passed, else
// Interrupted.
func (c *Cutoff) Timers() time.Duration {
	if !c.Passed() {
		return Interrupted
	}
	return c.at
}

// Held returns the number of the last client that was held at the cutoff.
func (c *Cutoff) Held() int64 { return c.held }
