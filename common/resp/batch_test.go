package resp_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/ioflavors/ioflavors/common/resp"
	"github.com/ioflavors/ioflavors/common/store"
)

// batching is a store that notes what it is asked together.
type batching struct {
	store.Updater // in memory
	store.Store
	log []string
}

func newBatching() *batching {
	s := store.New(0)
	return &batching{Updater: s, Store: s}
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
			ops[i].Err = store.ErrUnavailable
		}
	}
}

func (s *batching) Itself() store.Store { return s }

// GETs, and plain SETs, that came together are one call of the store.
func TestCommandsOfAKindAreOneCall(t *testing.T) {
	s := newBatching()
	c := connect(start(t, resp.Config{Store: s}))
	got := c.send(fields("SET a 1") + fields("set b 2") + fields("GET a") + fields("GET none") + fields("get b") + fields("SET a 2 NX") + fields("SET a 3") + fields("SET fail x") + fields("INCR a") + fields("GET a"))
	assert.Equal(t, strings.ReplaceAll("+OK|+OK|$1|1|$-1|$1|2|$-1|+OK|-ERR the store is not available|:4|$1|4|", "|", "\r\n"), got)
	assert.Equal(t, []string{"put 2", "get 3", "put 2"}, s.log)

	s.log = nil
	c.send(strings.Repeat(fields("SET a 1"), store.MaxPuts+2) + strings.Repeat(fields("GET a"), store.MaxGets+2))
	assert.Equal(t, []string{"put 128", "put 2", "get 16", "get 2"}, s.log)
}

// Before the password there is no batch.
func TestNoBatchBeforeThePassword(t *testing.T) {
	s := newBatching()
	c := connect(start(t, resp.Config{Store: s, Password: "secret"}))
	got := c.send(fields("GET a") + fields("GET a") + fields("AUTH secret") + fields("GET a") + fields("GET a"))
	assert.Equal(t, strings.ReplaceAll("-NOAUTH Authentication required.|-NOAUTH Authentication required.|+OK|$-1|$-1|", "|", "\r\n"), got)
	assert.Equal(t, []string{"get 2"}, s.log)
}

// Any cuts of any pipeline give the replies that its commands get from another store one
// at a time.
func TestBatchesInPieces(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		alone := connect(start(t, resp.Config{}))
		var in, want strings.Builder
		for range rapid.IntRange(1, 60).Draw(t, "commands") {
			words := []string{"GET", rapid.SampledFrom([]string{"a", "b"}).Draw(t, "key")}
			if rapid.IntRange(0, 2).Draw(t, "put") == 0 {
				words = []string{"SET", words[1], strings.Repeat("v", rapid.SampledFrom([]int{0, 1, 100, 3000}).Draw(t, "size"))}
			}
			in.WriteString(array(words...))
			want.WriteString(alone.do(words...))
		}
		c := connect(start(t, resp.Config{Store: newBatching()}))
		var got strings.Builder
		for rest := in.String(); rest != ""; {
			n := rapid.IntRange(1, len(rest)).Draw(t, "piece")
			got.WriteString(c.send(rest[:n]))
			rest = rest[n:]
		}
		require.Equal(t, want.String(), got.String())
	})
}
