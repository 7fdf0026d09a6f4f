package storetest

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/common/store"
)

// historyKeys are few, so that clients meet on them.
const historyKeys = 5

// History records operations of several clients. The zero value is usable. A history
// begins with an empty store.
type History struct {
	clock atomic.Int64
	mu    sync.Mutex
	ops   []porcupine.Operation
}

// what is an operation's input: a get, or a put of a number.
type what struct {
	key   int
	value int // 0: a get
}

// Client gets and puts while more says so; n is the number of operations so far. Clients
// may run at once. An operation that fails may have happened.
func (h *History) Client(s store.Store, client int, more func(n int) bool) {
	rng := rand.New(rand.NewPCG(rand.Uint64(), uint64(client)))
	for n := 0; more(n); n++ {
		op := what{key: rng.IntN(historyKeys)}
		if rng.IntN(2) == 0 {
			op.value = client*1_000_000 + n + 1
		}
		// After a put whose outcome is unknown the client waits until the store is back: an
		// order for many such puts is not found in reasonable time.
		for ok := h.do(s, client, op); !ok && more(n); ok = h.do(s, client, what{key: op.key}) {
			time.Sleep(time.Millisecond)
		}
	}
}

// do does an operation, and reports whether it succeeded.
func (h *History) do(s store.Store, client int, op what) (ok bool) {
	name := []byte(fmt.Sprint("history ", op.key))
	call := h.clock.Add(1)
	var got int
	var err error
	if op.value > 0 {
		err = s.Put(name, []byte(strconv.Itoa(op.value)))
	} else {
		var out []byte
		var found bool
		if out, found, err = s.Append(nil, name); err == nil && found {
			got, err = strconv.Atoi(string(out))
		}
	}
	ret := h.clock.Add(1)
	if err != nil {
		if op.value == 0 {
			return false // it says nothing
		}
		ret = math.MaxInt64
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ops = append(h.ops, porcupine.Operation{ClientId: client, Input: op, Output: got, Call: call, Return: ret})
	return err == nil
}

// register is an entry: its state is the number that was put last.
var register = porcupine.Model{
	Init: func() any { return 0 },
	Step: func(state, input, output any) (bool, any) {
		if op := input.(what); op.value > 0 {
			return true, op.value
		}
		return output == state, state
	},
	Partition: func(ops []porcupine.Operation) [][]porcupine.Operation {
		keys := make([][]porcupine.Operation, historyKeys)
		for _, op := range ops {
			key := op.Input.(what).key
			keys[key] = append(keys[key], op)
		}
		return keys
	},
}

// Check fails if no order of the operations explains the answers, and returns how many
// puts had no answer. Each client's name may be that of one goroutine only.
func (h *History) Check(t *testing.T) (unknown int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for i, op := range h.ops {
		if op.Return == math.MaxInt64 {
			unknown++
			h.ops[i].ClientId = -1 - i // it does not end before the client's next one
		}
	}
	const patience = time.Minute
	result := porcupine.CheckOperationsTimeout(register, h.ops, patience)
	if result == porcupine.Unknown {
		t.Logf("%d operations: no order that explains the answers was found within %v, and no proof that there is none", len(h.ops), patience)
		return unknown
	}
	require.Equal(t, porcupine.Ok, result, "no order of the %d operations explains the answers", len(h.ops))
	return unknown
}
