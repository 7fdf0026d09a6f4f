package kv_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/common/kv"
	"github.com/ioflavors/ioflavors/common/store"
)

// batching is a store that notes what it is asked together.
type batching struct {
	store.Store
	log []string
}

func (s *batching) GetAll(ops []store.Op) {
	s.log = append(s.log, fmt.Sprint("get ", len(ops)))
	for i := range ops {
		ops[i].Value, ops[i].Found, ops[i].Err = s.Append(nil, ops[i].Key)
	}
}

func (s *batching) PutAll(ops []store.Op) {
	s.log = append(s.log, fmt.Sprint("put ", len(ops)))
	for i := range ops {
		if ops[i].Err = s.Put(ops[i].Key, ops[i].Value); string(ops[i].Key) == "fail" {
			ops[i].Err = store.ErrTimeout
		}
	}
}

func (s *batching) Itself() store.Store { return s }

func several(kind uint32, n int) (bodies [][]byte) {
	for i := range n {
		bodies = append(bodies, request(kind, fmt.Sprint("key ", i), "value"))
	}
	return bodies
}

// Requests of one kind that came together are one call of the store, within bounds; one
// alone is none.
func TestRequestsOfAKindAreOneCall(t *testing.T) {
	s := &batching{Store: store.New(0)}
	h := kv.NewHandler(s)
	bodies := slices.Concat(several(kv.PutOrUpdate, 3), several(kv.Get, 2), [][]byte{nil}, several(kv.Get, 1), several(kv.PutOrUpdate, store.MaxPuts+3), several(kv.Get, store.MaxGets+2))
	out, err := answerAll(h, frames(bodies...))
	require.NoError(t, err)
	want, err := answerAll(kv.NewHandler(store.New(0)), frames(bodies...))
	require.NoError(t, err)
	assert.Equal(t, want, out)
	assert.Equal(t, []string{"put 3", "get 2", "put 128", "put 3", "get 16", "get 2"}, s.log)
}

// An operation that fails in a batch has an error of its own, and the server's owner
// learns of it.
func TestOneOfABatchFails(t *testing.T) {
	h := kv.NewHandler(&batching{Store: store.New(0)})
	var told []error
	h.StoreFailed = func(err error) { told = append(told, err) }
	out, err := answerAll(h, frames(request(kv.PutOrUpdate, "a", "1"), request(kv.PutOrUpdate, "fail", "1"), request(kv.PutOrUpdate, "b", "1")))
	require.NoError(t, err)
	ok := kv.AppendMessage(nil, kv.Message{Kind: kv.PutOrUpdate})
	failed := kv.AppendMessage(nil, kv.Message{Kind: kv.PutOrUpdate, Value: []byte(kv.StoreTimeout), Status: 1})
	assert.Equal(t, frames(ok, failed, ok), out)
	assert.Equal(t, []error{store.ErrTimeout}, told)
}

// Whatever room and limit there are, each put is done once, and the replies are those of
// requests that come one by one. Only the last reply may cross the limit.
func TestBatchesWithinLimits(t *testing.T) {
	value := strings.Repeat("v", 300)
	var bodies [][]byte
	for i := range 40 {
		kind := uint32(kv.Get)
		if i/7%2 == 0 {
			kind = kv.PutOrUpdate
		}
		bodies = append(bodies, request(kind, fmt.Sprint("key ", i%9), value[i%5*50:]))
	}
	want, err := answerAll(kv.NewHandler(store.New(0)), frames(bodies...))
	require.NoError(t, err)
	for _, limit := range []int{0, 1, 100, 300, 500, 1000, 5000} {
		for _, room := range []int{1, 64, 200, 3000} {
			counted := &counting{Store: store.New(0)}
			h := kv.NewHandler(&batching{Store: counted})
			var got []byte
			puts := 0
			for data := frames(bodies...); len(data) > 0; {
				free := room
				for {
					out, taken, n, need, err := h.Serve(make([]byte, 0, free), data, 1<<20, limit)
					require.NoError(t, err)
					if need > 0 {
						require.Greater(t, need, free)
						require.Equal(t, puts, counted.puts)
						free = need
						continue
					}
					require.Positive(t, n)
					require.True(t, n == 1 || len(out) < limit+400, "%d replies of %d bytes, limit %d: only the last one may cross it", n, len(out), limit)
					got, data, puts = append(got, out...), data[taken:], counted.puts
					break
				}
			}
			require.Equal(t, want, got, "limit %d, room %d", limit, room)
			require.Equal(t, 21, counted.puts)
		}
	}
}
