package conformance

import (
	"math/rand/v2"
	"os"
	"sync"
	"time"

	"github.com/ioflavors/ioflavors/common/conformance/probe"
	"github.com/ioflavors/ioflavors/common/exchanges"
)

func newRandom(seed int) *rand.Rand { return rand.New(rand.NewPCG(1, uint64(seed))) }

// togetherRules: no client affects the others. On a server with one client at a time
// this applies after the client has left.
var togetherRules = []Rule{
	{ID: "slow-reader", Fault: 16, Title: "others are served while a client reads nothing; then it gets every answer", run: slowReader},
	{ID: "unread-replies", Fault: 17, Title: "a server takes no more requests while it owes much that is not read", run: unreadReplies,
		applies: func(o Options) bool { return o.talk != nil && o.talk.countable() != nil }},
	{ID: "stopped-in-request", Fault: 14, Title: "a client that stops inside a request delays no other", run: stoppedInRequest},
	{ID: "idle-client", Title: "a client that is silent for a while is served when it goes on", run: idleClient},
	{ID: "never-pauses", Fault: 20, Title: "a client that never pauses does not keep others from being served", run: neverPausesTalk},
	{ID: "crowd", Title: "many clients are served at once", run: crowdTalk},
	{ID: "storm", Fault: 32, Title: "clients that come all at once are all served", run: storm},
	{ID: "no-crossed-replies", Fault: 26, Title: "clients that come and go get their own replies", run: noCrossedTalk},
}

// slowReader has more replies to come than the kernels on the way hold, if the server
// takes that many requests.
func slowReader(t *trial) {
	slow := t.enter()
	n := t.neglectMuch(slow)
	if !t.OneAtATime {
		t.other(slow)
	}
	n.read(t, slow)
	t.converse(slow, t.talk.some(3))
}

// The check cannot see what the server reads; it sees what the server and the kernels on
// the way take together.
const (
	// usuallyHeld is how many bytes of requests the kernels may hold, unless this system
	// tells: 6 MiB is Linux' usual limit for a receive buffer.
	usuallyHeld = 12 << 20
	// owedForSure is how many bytes of replies a server owes that is found to go on
	// reading. The kernels hold 4 MiB of them, Linux' limit for a send buffer.
	owedForSure = 24 << 20
	// owedAtMost is how many bytes of replies the rule lets a server keep.
	owedAtMost = 256 << 20
)

// countable returns the exchange with which unreadReplies takes a server the least work;
// nil if none is short of owedAtMost.
func (k *talk) countable() *exchanges.Exchange {
	work := func(e exchanges.Exchange) int { return unreadTimes(e) * (size(e) + 100) }
	var best *exchanges.Exchange
	for i, e := range k.repeated {
		n := unreadTimes(e)
		if n*len(e.Request) > owedAtMost || n*len(e.Reply) > owedAtMost {
			continue
		}
		if best == nil || work(e) < work(*best) {
			best = &k.repeated[i]
		}
	}
	return best
}

// kernelHolds returns how many bytes of requests the kernels may hold. The server's
// limit is taken to be this system's.
var kernelHolds = sync.OnceValue(func() int {
	text, err := os.ReadFile("/proc/sys/net/ipv4/tcp_rmem")
	if err != nil {
		return usuallyHeld
	}
	limits := fields(string(text))
	if len(limits) < 3 {
		return usuallyHeld
	}
	return max(usuallyHeld, int(min(limits[2], owedAtMost))+1<<20)
})

// unreadTimes returns how many requests are too many.
func unreadTimes(e exchanges.Exchange) int {
	return kernelHolds()/len(e.Request) + owedForSure/len(e.Reply)
}

// unreadReplies permits the server to close the connection.
func unreadReplies(t *trial) {
	c, e := t.enter(), *t.talk.countable()
	n, took, _ := t.neglect(c, e, unreadTimes(e), stalledForSure)
	sent := n.begun * len(n.chunk) // no more begin
	if took || t.ctx.Err() != nil {
		t.Fatalf("sent %s %d times and read no reply; expected the server to stop taking requests; got no stop: it holds, or has lost, most of %d MiB of replies",
			shownText(e.Request), sent, sent*len(e.Reply)>>20)
	}
	c.Reset()
	t.alive()
}

func stoppedInRequest(t *trial) {
	for _, e := range t.talk.some(3) {
		for _, cut := range cuts(e.Request) {
			first, before := t.enter(), t.talk.light[0]
			wait := first.Start(before.Request, e.Request[:cut])
			first.WantReply(before) // the server has also read the part
			wait()
			t.other(first)
			if !t.OneAtATime {
				wait := first.Start(e.Request[cut:])
				first.WantReply(e)
				wait()
			}
			t.leave()
		}
	}
}

// cuts returns places inside a request: behind the first byte, in the middle, and before
// the last one.
func cuts(request []byte) (places []int) {
	for _, at := range []int{1, len(request) / 2, len(request) - 1} {
		if at > 0 && at < len(request) {
			places = append(places, at)
		}
	}
	return places
}

func idleClient(t *trial) {
	silent := t.enter()
	t.converse(silent, t.talk.some(1))
	until := time.Now().Add(t.shortestTimeout() / 4)
	for {
		if !t.OneAtATime {
			for range 20 {
				t.other(silent)
			}
		}
		left := time.Until(until)
		if left <= 0 {
			break
		}
		time.Sleep(min(left, 20*time.Millisecond))
	}
	t.converse(silent, t.talk.some(3))
}

// neverPausesTalk is neverPauses.
func neverPausesTalk(t *trial) {
	hog := t.enter()
	batch := cycle(t.talk.light, 200, much)
	text := requests(batch)
	t.beside(hog, func(hog *probe.Conn, stopped func() bool, served func()) {
		wait := hog.Start(text)
		for !stopped() {
			wait()
			wait = hog.Start(text) // the next batch is there before this one is answered
			t.replies(hog, batch)
			served()
		}
	})
}

// crowdTalk has the requests of many clients in flight before it reads the first reply.
func crowdTalk(t *trial) {
	if t.OneAtATime {
		t.clients(t.Clients, func(t *trial, _ int) {
			t.converse(t.enter(), t.talk.some(3))
			t.leave()
		})
		return
	}
	var conns []*probe.Conn
	for range t.Clients {
		conns = append(conns, t.enter())
	}
	for range 3 {
		all := t.talk.some(2)
		var waits []func()
		for _, c := range conns {
			waits = append(waits, c.Start(requests(all)))
		}
		for i, c := range conns {
			t.replies(c, all)
			waits[i]()
		}
	}
}

func noCrossedTalk(t *trial) {
	t.clients(min(t.Clients, 16), func(t *trial, _ int) {
		for n := range 20 {
			c := t.enter()
			all := t.talk.some(2)
			t.converse(c, all)
			if n%3 == 0 { // leave a reply unread, for the next connection with this descriptor
				c.Send(all[0].Request)
			}
			t.leave()
		}
	})
}

// awayRules: clients that leave, with a FIN or a RST.
var awayRules = []Rule{
	{ID: "fin-in-request", Fault: 22, Title: "a FIN inside a request is answered by a close, behind the replies before it", run: finInRequest},
	{ID: "rst-in-request", Fault: 24, Title: "a reset inside a request affects no other client", run: rstInRequest},
	{ID: "rst-in-reply", Fault: 24, Title: "a reset inside many replies affects no other client", run: rstInReplies},
	{ID: "come-and-go", Fault: 25, Title: "clients that connect and reset affect no other client", run: comeAndGo},
}

// finInRequest accepts a reply to the incomplete request, because a server may say that
// it is incomplete.
func finInRequest(t *trial) {
	before := t.talk.light[0]
	for _, e := range t.talk.some(3) {
		for _, cut := range cuts(e.Request) {
			c := t.enter()
			wait := c.StartLast(before.Request, e.Request[:cut])
			c.WantReply(before)
			wait()
			c.WantClosed()
			t.leave()
		}
	}
	t.alive()
}

func rstInRequest(t *trial) {
	t.withWitness(50, func(i int) {
		c, e, before := t.enter(), t.talk.some(1)[0], t.talk.light[0]
		wait := c.Start(before.Request, e.Request[:max(1, i%len(e.Request))])
		if i%2 == 0 { // half of them after the server has read the part
			c.WantReply(before)
			wait()
		}
		c.Reset()
	})
}

func rstInReplies(t *trial) {
	t.withWitness(20, func(i int) {
		c := t.enter()
		all := cycle(t.talk.light, 2000, 1<<20)
		c.Start(requests(all))
		c.WantReply(all[0])
		if i%2 == 0 {
			t.replies(c, all[1:len(all)/2+1])
		}
		c.Reset()
	})
}

// withWitness calls f n times, while another client is served.
func (t *trial) withWitness(n int, f func(i int)) {
	if t.OneAtATime {
		for i := range n {
			f(i)
			t.leave()
		}
		t.alive()
		return
	}
	witness := t.enter()
	for i := range n {
		f(i)
		if i%5 == 0 {
			t.converse(witness, t.talk.some(1))
		}
	}
	t.converse(witness, t.talk.some(3))
	t.alive()
}

// boundRules: a server's limits. They run only if the limit is known.
var boundRules = []Rule{
	{ID: "over-limit", Fault: 29, Title: "a client beyond the limit is closed, or waits if one is served at a time", run: overLimitTalk,
		applies: func(o Options) bool { return o.OneAtATime || o.MaxConns > 0 }},
	{ID: "turn-limit", Fault: 21, Title: "a client that never pauses gives way, after a reply, to one that waits", run: turnLimitTalk,
		applies: func(o Options) bool { return o.OneAtATime && o.TurnLimit > 0 }},
	{ID: "idle-timeout", Fault: 15, Title: "a client that sends nothing is closed", run: idleTimeoutTalk,
		applies: func(o Options) bool { return o.IdleTimeout > 0 }},
	{ID: "request-timeout", Fault: 14, Title: "a client whose request dribbles in is closed", run: requestTimeout,
		applies: func(o Options) bool { return o.FrameTimeout > 0 && o.talk != nil && o.talk.long() != nil }},
	{ID: "write-timeout", Fault: 17, Title: "a client that takes none of its replies is closed", run: writeTimeoutTalk,
		applies: func(o Options) bool { return o.WriteTimeout > 0 }},
	{ID: "silent-client", Fault: 21, Title: "a client that sends nothing does not keep others waiting for ever", run: silentClient,
		applies: func(o Options) bool { return o.IdleTimeout > 0 }},
}

func overLimitTalk(t *trial) {
	if t.OneAtATime {
		first := t.enter()
		t.converse(first, t.talk.some(1))
		next, e := t.dial().AsText(), t.talk.some(1)
		// The next client's set-up waits, too.
		waiting := append(t.talk.setup[:len(t.talk.setup):len(t.talk.setup)], e...)
		wait := next.Start(requests(waiting))
		t.converse(first, t.talk.some(1))
		first.Close()
		t.replies(next, waiting)
		wait()
		return
	}
	var served []*probe.Conn
	for range t.MaxConns {
		c := t.enter()
		t.converse(c, t.talk.some(1))
		served = append(served, c)
	}
	for range 3 {
		c := t.dial()
		c.WantClosed()
		c.Close()
	}
	for _, c := range served {
		t.converse(c, t.talk.some(1))
	}
	// When the server has noticed that the clients have left, there is room again.
	t.leave()
	t.eventually("after all clients had left", func(t *trial) { t.converse(t.enter(), t.talk.some(1)) })
}

// eventually tries f until it does not fail.
func (t *trial) eventually(when string, f func(t *trial)) {
	for {
		failure := probe.Try(func(inner probe.T) { f(t.with(inner)) })
		if failure == "" {
			return
		}
		if t.ctx.Err() != nil {
			t.Fatalf("%s: %s", when, failure)
		}
		time.Sleep(time.Millisecond)
	}
}

func turnLimitTalk(t *trial) {
	first, all := t.enter(), t.talk.some(1)
	t.converse(first, all) // the server now serves this client
	next := t.dial().AsText()
	waiting := append(t.talk.setup[:len(t.talk.setup):len(t.talk.setup)], all...)
	wait := next.Start(requests(waiting))
	for {
		first.Send(all[0].Request)
		if first.Ended() {
			break
		}
		first.WantReply(all[0])
	}
	first.Close()
	t.replies(next, waiting)
	wait()
}

// idleTimeoutTalk lets the server say why it closes.
func idleTimeoutTalk(t *trial) {
	for _, n := range []int{0, 1} {
		begin := time.Now() // as in idleTimeout
		c := t.enter()
		if n > 0 {
			t.converse(c, t.talk.some(n))
		}
		c.WantClosed()
		// Half of the timeout, because servers' clocks may be coarse.
		if waited := time.Since(begin); waited < t.IdleTimeout/2 {
			t.Fatalf("made %d requests, then none; expected the server to wait for %v; got a close after %v", n, t.IdleTimeout, waited)
		}
		t.leave()
	}
	t.alive()
}

// long returns the longest request, nil if it has no inside.
func (k *talk) long() (request []byte) {
	for _, e := range k.repeated {
		if len(e.Request) > max(1, len(request)) {
			request = e.Request
		}
	}
	return request
}

// requestTimeout sends a byte now and then, each of them well within the timeout: the
// timeout counts from the beginning of the request. It never sends the last byte.
func requestTimeout(t *trial) {
	c, request := t.enter(), t.talk.long()
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		tick := time.NewTicker(max(time.Millisecond, t.FrameTimeout/20))
		defer tick.Stop()
		for i := range len(request) - 1 {
			if _, err := c.Write(request[i : i+1]); err != nil {
				return
			}
			select {
			case <-tick.C:
			case <-stop:
				return
			}
		}
	}()
	defer func() { close(stop); c.Close(); <-stopped }()
	c.WantClosed()
	t.alive()
}

// writeTimeoutTalk reads only when the timeout must be over: a server that has closed may
// have replies in its kernel, and before they are read nothing shows the close.
func writeTimeoutTalk(t *trial) {
	c, e := t.enter(), t.talk.richest()
	while := stalled + 2*t.WriteTimeout
	n, _, err := t.neglect(c, e, 4*much/len(e.Reply), while)
	if err == nil {
		why := probe.Try(func(inner probe.T) { n.read(t.with(inner), c.For(inner)) })
		switch {
		case why == "":
			t.Fatalf("sent %s %d times and read nothing for %v; expected the server to close the connection; got all replies", shownText(e.Request), n.begun*len(n.chunk), while)
		case !probe.SaysEnded(why):
			t.Fatalf("%s", why)
		}
	}
	t.alive()
}
