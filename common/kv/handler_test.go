package kv_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"

	"github.com/ioflavors/ioflavors/common/kv"
	kvpb "github.com/ioflavors/ioflavors/common/proto/ioflavors/kv/v1"
	"github.com/ioflavors/ioflavors/common/store"
)

func request(kind uint32, key, value string) []byte {
	return kv.AppendMessage(nil, kv.Message{Key: []byte(key), Value: []byte(value), Kind: kind})
}

// ask returns the reply as any protobuf client sees it.
func ask(t *testing.T, h *kv.Handler, request []byte) *kvpb.KeyValueMessage {
	t.Helper()
	const before = "what was there before"
	reply := h.AppendReply([]byte(before), request)
	require.True(t, bytes.HasPrefix(reply, []byte(before)))
	var m kvpb.KeyValueMessage
	require.NoError(t, proto.Unmarshal(reply[len(before):], &m))
	return &m
}

func TestPutIsAnsweredByThreeBytesLess(t *testing.T) {
	h := kv.NewHandler(store.New(0))
	assert.Equal(t, []byte{0x18, 0x03}, h.AppendReply(nil, request(kv.PutOrUpdate, "k", "v")))
}

// The value's length is filled in when the value is there: its size in bytes
// changes at 128 and at 16384.
func TestGetReturnsValuesOfEverySize(t *testing.T) {
	for _, s := range []store.Store{store.New(0), store.NewSharded(0)} {
		h := kv.NewHandler(s)
		for _, size := range []int{0, 1, 127, 128, 129, 16383, 16384, 16385, 1 << 20, 2097151, 2097152} {
			value := strings.Repeat("x", size)
			ask(t, h, request(kv.PutOrUpdate, "k", value))
			want, err := proto.Marshal(&kvpb.KeyValueMessage{Key: "k", Value: value, Kind: kv.GetResponse})
			require.NoError(t, err)
			got := h.AppendReply(nil, request(kv.Get, "k", ""))
			require.True(t, bytes.Equal(want, got), "%T, a value of %d bytes", s, size)
		}
	}
}

func TestGetOfAnAbsentKeyIsNotOkWithTheKey(t *testing.T) {
	m := ask(t, kv.NewHandler(store.New(0)), request(kv.Get, "nobody", ""))
	assert.Equal(t, "nobody", m.Key)
	assert.Empty(t, m.Value)
	assert.EqualValues(t, kv.GetResponse, m.Kind)
	assert.Equal(t, kvpb.Status_NotOk, m.Status)
}

func TestWhatIsNoRequestIsNotOkWithAReason(t *testing.T) {
	for _, c := range []struct {
		name, reason string
		request      []byte
		kind         uint32
	}{
		{"kind 0", "unknown kind 0", nil, 0},
		{"kind of a reply", "unknown kind 2", request(kv.GetResponse, "k", "v"), kv.GetResponse},
		{"kind 300", "unknown kind 300", request(300, "k", "v"), 300},
		{"cut", "not a KeyValueMessage", []byte("\x0a\x05k"), 0},
		{"no UTF-8 in the key", "UTF-8", []byte("\x0a\x01\xff\x18\x01"), 0},
		{"no UTF-8 in the value", "UTF-8", []byte("\x12\x01\xff\x18\x03"), 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := ask(t, kv.NewHandler(store.New(0)), c.request)
			assert.Equal(t, c.kind, m.Kind)
			assert.Equal(t, kvpb.Status_NotOk, m.Status)
			assert.Empty(t, m.Key)
			assert.Contains(t, m.Value, c.reason)
			assert.NotContains(t, m.Value, "\u00a0", "the library's changing spaces")
			assert.True(t, utf8.ValidString(m.Value))
		})
	}
}

// failing is a store that fails after it has appended something.
type failing struct{}

func (failing) Append(dst, _ []byte) ([]byte, bool, error) {
	return append(dst, "half a val"...), false, errors.New("disk on fire")
}
func (failing) Put(_, _ []byte) error { return fmt.Errorf("%w: no room", store.ErrFull) }

func TestAFailingStoreIsNotOkWithItsReason(t *testing.T) {
	h := kv.NewHandler(failing{})
	get := ask(t, h, request(kv.Get, "k", ""))
	assert.Equal(t, "disk on fire", get.Value)
	assert.EqualValues(t, kv.Get, get.Kind)
	assert.Equal(t, kvpb.Status_NotOk, get.Status)
	put := ask(t, h, request(kv.PutOrUpdate, "k", "v"))
	assert.EqualValues(t, kv.PutOrUpdate, put.Kind)
	assert.Contains(t, put.Value, "full")
}

func TestTheStoreKeepsNothingOfTheRequest(t *testing.T) {
	h := kv.NewHandler(store.New(0))
	put := request(kv.PutOrUpdate, "key", "value")
	ask(t, h, put)
	clear(put) // as a read buffer that is used again
	assert.Equal(t, "value", ask(t, h, request(kv.Get, "key", "")).Value)
}

// Whatever a handler is shown in advance, it answers as it would have.
func TestForesightChangesNothing(t *testing.T) {
	long := strings.Repeat("k", 200)
	requests := bodies()
	for _, key := range []string{"k", "", "ключ", long, "k", "absent"} {
		requests = append(requests, request(kv.Get, key, ""), request(kv.PutOrUpdate, key, "value of "+key), request(kv.Get, key, ""))
	}
	plain, foreseen := kv.NewHandler(store.New(0)), kv.NewHandler(store.New(0))
	require.True(t, foreseen.Foresees())
	for i := 0; i < len(requests); i += 7 {
		some := requests[i:min(i+7, len(requests))]
		var hashes [store.Lookahead]uint64
		n := 0
		for _, r := range some {
			if hash, ok := foreseen.Expect(r); ok {
				hashes[n] = hash
				n++
			}
		}
		foreseen.Fetch(hashes, n)
		for _, r := range some {
			assert.Equal(t, plain.AppendReply(nil, r), foreseen.AppendReply(nil, r), "%.40x", r)
		}
	}
	assert.True(t, kv.NewHandler(store.NewSharded(0)).Foresees())
	assert.False(t, kv.NewHandler(failing{}).Foresees())
}

func TestHandlerAllocatesNothing(t *testing.T) {
	for _, s := range []store.Store{store.New(0), store.NewSharded(0)} {
		h := kv.NewHandler(s)
		put, get := request(kv.PutOrUpdate, "key", strings.Repeat("v", 300)), request(kv.Get, "key", "")
		absent := request(kv.Get, "nobody", "")
		buf := h.AppendReply(make([]byte, 0, 1024), put)[:0]
		for name, r := range map[string][]byte{"put": put, "get": get, "absent": absent} {
			assert.Zero(t, testing.AllocsPerRun(100, func() { h.AppendReply(buf, r) }), "%s, %T", name, s)
		}
	}
}
