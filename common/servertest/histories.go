package servertest

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"sort"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/anishathalye/porcupine"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/common/conformance/probe"
	"github.com/ioflavors/ioflavors/common/server"
)

// seedVariable names the environment variable with the seed of a history, so
// that its clients send the same requests as in a failed test. The
// interleaving of the requests depends on the machine, so it may take several
// runs to see the failure again.
const seedVariable = "HISTORIES_SEED"

// The size of a history: few keys, so that clients meet on them. A visit is
// one connection, with about six operations.
const (
	historyClients = 8
	historyKeys    = 10
	historyVisits  = 45 // of each client
)

// testHistories lets clients put and get at random, and leave at any moment.
// It requires that one order of all operations explains every reply: each
// operation takes effect at one moment between its request and its reply
// (linearizability). A put whose reply was not read may take effect at any
// moment after its request, or never. A put whose frame was not sent
// completely must not take effect.
//
// In a model that serves fewer clients at once, the others wait in the listen
// queue with their first requests sent. Visits are short, so every client
// gets its turn.
func testHistories(t *testing.T, target Target) {
	seed := rand.Uint64()
	if text := os.Getenv(seedVariable); text != "" {
		var err error
		seed, err = strconv.ParseUint(text, 10, 64)
		require.NoError(t, err, seedVariable)
	}
	l := unhurried
	l.OutputLimit = 10_000 // smaller than a large reply, so clients are paused now and then
	if failure := findBreach(t, target, server.Config{Limits: l}, seed); failure != "" {
		t.Errorf("%s=%d: %s", seedVariable, seed, failure)
	}
}

// findBreach runs a history on a server, and returns what is wrong with it,
// "" if nothing is.
func findBreach(t *testing.T, target Target, cfg server.Config, seed uint64) (failure string) {
	srv := start(t, target, cfg)
	o := History{Addr: srv.addr, Seed: seed}.Run(srv.ctx)
	t.Logf("%s=%d: %d operations, %d of them unanswered", seedVariable, seed, o.Operations, o.Unanswered)
	t.Attr("operations", strconv.Itoa(o.Operations))
	t.Attr("unanswered", strconv.Itoa(o.Unanswered))
	return o.Failure
}

// History is a run of eight concurrent clients with ten keys. It is exported
// for tests that run a server in conditions that the suite cannot make. It
// leaves nothing behind except values. See testHistories.
type History struct {
	Addr string
	Seed uint64
	// More is called before each visit, with the number of visits so far, and
	// tells whether the client makes another. Several clients call it
	// concurrently, and it may block them. nil: 45 visits each.
	More func(client, visits int) bool
}

// Outcome is the result of a history.
type Outcome struct {
	Operations, Unanswered int
	Failure                string // "" if nothing is wrong
}

// Run runs the history. If ctx ends, the history has failed.
func (h History) Run(ctx context.Context) (o Outcome) {
	more := h.More
	if more == nil {
		more = func(_, visits int) bool { return visits < historyVisits }
	}
	var (
		clock   atomic.Int64
		clients [historyClients]historian
	)
	o.Failure = probe.Try(func(t probe.T) {
		probe.Concurrently(t, historyClients, func(t probe.T, i int) {
			c := &clients[i]
			*c = historian{id: i, clock: &clock, rng: rand.New(rand.NewPCG(h.Seed, uint64(i)))}
			for visits := 0; more(i, visits); visits++ {
				// Each visit has a T of its own, whose end closes its connection.
				if failure := probe.Try(func(t probe.T) { c.visit(t, probe.Dial(ctx, t, h.Addr)) }); failure != "" {
					t.Fatalf("%s", failure)
				}
			}
		})
	})

	var keys [historyKeys][]operation
	for i := range clients {
		for _, op := range clients[i].ops {
			keys[op.key] = append(keys[op.key], op)
			o.Operations++
			if op.ret == unanswered {
				o.Unanswered++
			}
		}
	}
	for key, ops := range keys {
		if o.Failure != "" {
			break
		}
		if b := breach(ops); b != "" {
			o.Failure = fmt.Sprintf("%s: %s", keyName(key), b)
		}
	}
	return o
}

// operation is one request and its result.
type operation struct {
	client, key int
	put         bool
	value       int // the number of the value put or got; 0: the key had no value
	// The time just before the request was sent, and the time after its reply
	// was read, by a clock that advances with every event.
	call, ret int64
}

// unanswered stands for the time of a reply that was not read.
const unanswered = math.MaxInt64

// historian is a client that records its operations.
type historian struct {
	id    int
	clock *atomic.Int64
	rng   *rand.Rand
	puts  int
	ops   []operation
}

// visit makes some operations, and leaves in one of the ways in leavings.
func (h *historian) visit(t probe.T, c *probe.Conn) {
	for range h.rng.IntN(5) {
		ops, frames := h.requests(1 + h.rng.IntN(3))
		// Read while writing, because a paused server reads no more.
		written := c.Start(frames...)
		for _, op := range ops {
			h.receive(t, c, op)
		}
		written()
	}
	leavings[h.rng.IntN(len(leavings))](h, t, c)
}

var leavings = []func(h *historian, t probe.T, c *probe.Conn){
	func(_ *historian, _ probe.T, c *probe.Conn) { c.Close() },
	// After a FIN everything is answered.
	func(h *historian, t probe.T, c *probe.Conn) {
		ops, frames := h.requests(2)
		c.Send(frames...)
		c.HalfClose()
		for _, op := range ops {
			h.receive(t, c, op)
		}
		c.WantEnd()
	},
	// A reset while requests or their replies are in flight.
	func(h *historian, _ probe.T, c *probe.Conn) {
		ops, frames := h.requests(1 + h.rng.IntN(3))
		c.Send(frames...)
		c.Reset()
		h.ops = append(h.ops, ops...)
	},
	func(h *historian, t probe.T, c *probe.Conn) {
		ops, frames := h.requests(3)
		c.Send(frames...)
		h.receive(t, c, ops[0])
		c.Reset()
		h.ops = append(h.ops, ops[1:]...)
	},
	// The end inside a frame, by FIN or by reset. The value of a put that is cut
	// off belongs to no operation, so no get may return it.
	func(h *historian, _ probe.T, c *probe.Conn) { h.breakOff(c); c.Close() },
	func(h *historian, _ probe.T, c *probe.Conn) { h.breakOff(c); c.Reset() },
}

// requests returns n random operations, unanswered, and their frames.
func (h *historian) requests(n int) (ops []operation, frames [][]byte) {
	call := h.clock.Add(1)
	for range n {
		op := operation{client: h.id, key: h.rng.IntN(historyKeys), put: h.rng.IntN(2) == 0, call: call, ret: unanswered}
		frame := probe.Get(keyName(op.key))
		if op.put {
			h.puts++
			op.value = h.puts*historyClients + h.id
			frame = probe.Put(keyName(op.key), valueOf(op.key, op.value))
		}
		ops, frames = append(ops, op), append(frames, frame)
	}
	return ops, frames
}

// receive reads the reply to op, and records the operation.
func (h *historian) receive(t probe.T, c *probe.Conn, op operation) {
	t.Helper()
	key := keyName(op.key)
	if op.put {
		c.Want(probe.Stored)
	} else if reply := c.Receive(); reply != probe.Absent(key) {
		_, _ = fmt.Sscanf(reply.Value, "%d", &op.value)
		if reply != probe.Found(key, valueOf(op.key, op.value)) {
			t.Fatalf("expected the answer to a get of %q; got %v, which is another key's answer or a damaged one", key, reply)
		}
	}
	op.ret = h.clock.Add(1)
	h.ops = append(h.ops, op)
}

// breakOff sends a request and a part of another one.
func (h *historian) breakOff(c *probe.Conn) {
	ops, frames := h.requests(2)
	c.Send(frames[0], frames[1][:1+h.rng.IntN(len(frames[1])-1)])
	h.ops = append(h.ops, ops[0])
}

func keyName(key int) string { return fmt.Sprintf("key %d", key) }

// valueOf returns a value that contains its key and number from start to end,
// so it cannot be mistaken for a value of another key, and a mixture of two
// values is noticed. Some values are larger than a server's read.
func valueOf(key, number int) string {
	text := fmt.Sprintf("%d of %s. ", number, keyName(key))
	if number%19 == 0 {
		return strings.Repeat(text, 70_000/len(text))
	}
	return text
}

// register is the checker's model of a key: the state is its value.
var register = porcupine.Model{
	Init: func() any { return 0 },
	Step: func(state, input, _ any) (bool, any) {
		op := input.(operation)
		if op.put {
			return true, op.value
		}
		return op.value == state.(int), state
	},
}

// linearizable reports whether an order of one key's operations explains all
// replies.
//
// A put without a reply may be the last operation of all, or may have taken
// effect before its value was first read. The checker gets this as the time
// of the put's reply: the time of that first read. If no get returned the
// value, the put is left out. So no operation stays open to the end; each
// open one would double the number of orders to try.
func linearizable(ops []operation) bool {
	read := make(map[int]int64)
	for _, op := range ops {
		if first, ok := read[op.value]; !op.put && op.ret != unanswered && (!ok || op.ret < first) {
			read[op.value] = op.ret
		}
	}
	var history []porcupine.Operation
	for _, op := range ops {
		ret := op.ret
		if ret == unanswered {
			first, ok := read[op.value]
			if !op.put || !ok {
				continue
			}
			ret = max(first, op.call) // a value that was read before its put remains wrong
		}
		history = append(history, porcupine.Operation{ClientId: op.client, Input: op, Call: op.call, Return: ret})
	}
	return porcupine.CheckOperations(register, history)
}

// breach returns why one key's operations are not linearizable, "" if they
// are: the first reply without an explanation, and the operations before it.
func breach(ops []operation) string {
	if linearizable(ops) {
		return ""
	}
	var returns []int64
	for _, op := range ops {
		if op.ret != unanswered {
			returns = append(returns, op.ret)
		}
	}
	slices.Sort(returns)
	end := returns[sort.Search(len(returns)-1, func(i int) bool { return !linearizable(until(ops, returns[i])) })]
	part := until(ops, end)
	slices.SortStableFunc(part, func(a, b operation) int { return cmp.Compare(a.call, b.call) })
	wrong := part[slices.IndexFunc(part, func(op operation) bool { return op.ret == end })]

	const shown = 12 // the latest, and the put of the value in question
	var text strings.Builder
	fmt.Fprintf(&text, "no order of the operations explains the marked one (the latest of %d until then, as [request, reply], in order of time):", len(part))
	for i, op := range part {
		if i < len(part)-shown && op != wrong && (!op.put || op.value != wrong.value) {
			continue
		}
		mark := "  "
		if op == wrong {
			mark = "> "
		}
		fmt.Fprintf(&text, "\n%s%v", mark, op)
	}
	return text.String()
}

// until returns the part of the operations that was known when the clock
// stood at end.
func until(ops []operation, end int64) (part []operation) {
	for _, op := range ops {
		if op.call > end {
			continue
		}
		if op.ret > end {
			op.ret = unanswered
			if !op.put {
				continue
			}
		}
		part = append(part, op)
	}
	return part
}

func (op operation) String() string {
	ret := "    …"
	if op.ret != unanswered {
		ret = fmt.Sprintf("%5d", op.ret)
	}
	what := "get: none"
	switch {
	case op.put:
		what = fmt.Sprint("put ", op.value)
	case op.value != 0:
		what = fmt.Sprint("get: ", op.value)
	}
	return fmt.Sprintf("[%5d, %s] client %d %s", op.call, ret, op.client+1, what)
}
