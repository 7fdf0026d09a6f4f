package conformance

import (
	"fmt"
	"os"
	"time"

	"github.com/ioflavors/ioflavors/common/conformance/probe"
	"github.com/ioflavors/ioflavors/common/exchanges"
)

// processRules: the server as a process. They run only if the process is known, and
// the system tells about it. The last one ends the server.
var processRules = []Rule{
	{ID: "descriptors", Fault: 24, Title: "clients that leave in any way give their descriptors back", run: descriptors,
		applies: func(o Options) bool { return countDescriptors(o.Process) > 0 }},
	{ID: "idle-cpu", Title: "clients that do nothing cost no processor time", run: idleCPU,
		applies: func(o Options) bool {
			return !o.Spins && o.Process > 0 && readThreads(taskFolder(o.Process)).ran > 0
		}},
	{ID: "stop", Fault: 36, Title: "at SIGTERM the requests that have arrived are answered; then the server ends", run: stopUnderLoad, ends: true,
		applies: func(o Options) bool { return o.Stop != nil }},
}

func taskFolder(process int) string { return fmt.Sprintf("/proc/%d/task", process) }

// countDescriptors returns how many descriptors a process has open; 0 if unknown.
func countDescriptors(process int) int {
	if process <= 0 {
		return 0
	}
	open, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", process))
	if err != nil {
		return 0
	}
	return len(open)
}

// descriptors first lets the clients of other rules go, and the server open what it
// opens once.
func descriptors(t *trial) {
	t.alive()
	before := t.settled()
	leaveInEveryWay(t)
	allowed := before + t.Clients/20 + 2
	after := 0
	for {
		if after = countDescriptors(t.Process); after <= allowed {
			return
		}
		if t.ctx.Err() != nil {
			t.Fatalf("%d clients came and left; expected the server to close their descriptors; got %d open descriptors before and %d afterwards", t.Clients, before, after)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// settled returns the number of open descriptors when it has not changed for a while.
func (t *trial) settled() int {
	const looks = 20
	n := countDescriptors(t.Process)
	for same := 0; same < looks && t.ctx.Err() == nil; same++ {
		time.Sleep(10 * time.Millisecond)
		if now := countDescriptors(t.Process); now != n {
			n, same = now, 0
		}
	}
	return n
}

// leaveInEveryWay lets clients leave with a FIN, with a reset, inside a request, and
// with replies unread.
func leaveInEveryWay(t *trial) {
	for i := range t.Clients {
		c, e := t.enter(), t.talk.some(1)[0]
		switch i % 4 {
		case 0:
			t.one(c, e)
		case 1:
			t.one(c, e)
			c.Reset()
		case 2:
			c.Send(e.Request[:max(1, len(e.Request)-1)])
		case 3:
			c.Start(e.Request)
			c.Reset()
		}
		t.leave()
	}
}

// idleShare is the share of a core that an idle server may use.
const idleShare = 0.2

// idleCPU keeps a few clients that do nothing: silent ones, and, if the server serves
// several at a time, one that has stopped inside a request, one that does not read its
// replies, and one that has sent its FIN.
func idleCPU(t *trial) {
	t.converse(t.enter(), t.talk.some(1))
	if !t.OneAtATime && t.Clients >= 4 {
		for range min(t.Clients, 20) - 4 {
			t.converse(t.enter(), t.talk.some(1))
		}
		c, e := t.enter(), t.talk.some(1)[0]
		c.Send(e.Request[:max(1, len(e.Request)-1)])
		t.neglectMuch(t.enter())
		c = t.enter()
		t.one(c, e)
		c.HalfClose()
	}
	// A server may still finish something when the clients have stopped, so only one
	// window has to be quiet.
	const window = 250 * time.Millisecond
	least := -1.0
	for {
		before, begun := readThreads(taskFolder(t.Process)).ran, time.Now()
		time.Sleep(window)
		share := (readThreads(taskFolder(t.Process)).ran - before).Seconds() / time.Since(begun).Seconds()
		if share >= 0 && (least < 0 || share < least) {
			least = share
		}
		if least >= 0 && least < idleShare {
			return
		}
		if t.ctx.Err() != nil {
			t.Fatalf("all clients do nothing; expected the server to use no processor time; got %.0f %% of a core at least", 100*least)
		}
	}
}

// stopUnderLoad sends all requests before the signal. They are few enough to be in the
// server's receive buffers by then, because this machine is also the server's. Every
// second client asks for as much as such requests can ask for, and has not read it.
func stopUnderLoad(t *trial) {
	const arrived = 48 << 10 // bytes
	n := min(t.Clients, 10)
	if t.OneAtATime {
		n = 1
	}
	some := cycle(t.talk.light, 200, arrived)
	most := cycle([]exchanges.Exchange{t.talk.richest()}, 10_000, much)
	for len(most) > 1 && len(requests(most)) > arrived {
		most = most[:len(most)/2]
	}
	conns, pending := make([]*probe.Conn, n), make([][]exchanges.Exchange, n)
	for i := range conns {
		conns[i], pending[i] = t.enter(), some
		if i%2 == 0 {
			pending[i] = most
			_ = conns[i].SetReadBuffer(32 << 10)
		}
		t.one(conns[i], some[0]) // the server has accepted it
	}
	for i, c := range conns {
		c.Send(requests(pending[i]))
	}
	stopped := make(chan error, 1)
	go func() { stopped <- t.Stop(t.ctx) }()
	for i, c := range conns {
		if why := probe.Try(func(inner probe.T) { t.repliesAtTheEnd(c.For(inner), pending[i]) }); why != "" {
			t.Fatalf("client %d of %d had sent %d requests before SIGTERM; %s", i+1, n, len(pending[i]), why)
		}
	}
	if err := <-stopped; err != nil {
		t.Fatalf("all clients had their replies; expected the server to end; got: %v", err)
	}
}

func (t *trial) repliesAtTheEnd(c *probe.Conn, all []exchanges.Exchange) {
	t.replies(c, all)
	c.WantEnd()
}
