package kv_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"

	"github.com/ioflavors/ioflavors/common/frame"
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

// The value's length is filled in after the value. Its size in bytes changes at 128 and
// at 16384.
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

// failing is a store that fails after it has appended some bytes, or has lost
// everything.
type failing struct {
	err  error
	lost bool
}

func (f failing) Append(dst, _ []byte) ([]byte, bool, error) {
	if f.lost {
		dst = nil
	}
	return append(dst, "half a val"...), false, f.err
}
func (f failing) Put(_, _ []byte) error { return f.err }

// Clients were once sent the text of the store's error: an address, a password. Bytes
// in it that are not UTF-8 made the reply unreadable.
func TestAStoresErrorIsNotForClients(t *testing.T) {
	secret := errors.New("dial db.internal:5432: password=hunter2: \xff\xfe")
	for _, test := range []struct {
		err  error
		says string
	}{
		{secret, "the store failed"},
		{store.ErrFull, "the store is full"},
		{fmt.Errorf("dial db.internal: %w", store.ErrUnavailable), "the store is not available"},
		{fmt.Errorf("get from db.internal: %w", store.ErrTimeout), "the store did not answer in time"},
		{fmt.Errorf("%w: %w", secret, store.ErrFull), "the store is full"},
	} {
		for _, lost := range []bool{false, true} {
			var told []error
			h := kv.NewHandler(failing{test.err, lost})
			h.StoreFailed = func(err error) { told = append(told, err) }
			for _, kind := range []uint32{kv.Get, kv.PutOrUpdate} {
				reply := ask(t, h, request(kind, "k", "v"))
				assert.Equal(t, test.says, reply.Value)
				assert.EqualValues(t, kind, reply.Kind)
				assert.Empty(t, reply.Key)
				assert.Equal(t, kvpb.Status_NotOk, reply.Status)
			}
			assert.Equal(t, []error{test.err, test.err}, told, "the server's owner learns more")
		}
	}
}

// Whatever the reason for a refusal contains, clients can read the reply.
func TestARefusalIsUTF8(t *testing.T) {
	var m kvpb.KeyValueMessage
	require.NoError(t, proto.Unmarshal(new(kv.Handler).AppendRefusal(nil, "because of \xff"), &m))
	assert.Equal(t, "because of \ufffd", m.Value)
}

func TestTheStoreKeepsNothingOfTheRequest(t *testing.T) {
	h := kv.NewHandler(store.New(0))
	put := request(kv.PutOrUpdate, "key", "value")
	ask(t, h, put)
	clear(put) // the caller reuses its buffer
	assert.Equal(t, "value", ask(t, h, request(kv.Get, "key", "")).Value)
}

func frames(bodies ...[]byte) (out []byte) {
	for _, body := range bodies {
		var mark int
		out, mark = frame.Begin(out)
		out = frame.End(append(out, body...), mark)
	}
	return out
}

// answerAll answers the frames in data, in as many calls as it takes.
func answerAll(h *kv.Handler, data []byte) (out []byte, err error) {
	out = make([]byte, 0, 1024)
	for {
		var taken, need int
		out, taken, _, need, err = h.Serve(out, data, 1<<20, 1<<30)
		if taken == 0 && need == 0 {
			return out, err
		}
		out = slices.Grow(out, need)
		data = data[taken:]
	}
}

// Requests that are answered together get the same replies as one by one, in their
// order. A request sees the puts before it.
func TestTogetherIsAsOneByOne(t *testing.T) {
	long := strings.Repeat("k", 200)
	requests := [][]byte{
		nil, request(300, "k", "v"), []byte("\x0a\x05k"), []byte("\x0a\x01\xff\x18\x01"),
		[]byte("\x0a\x01a\x0a\x01k\x18\x01"), // the last key counts
	}
	for _, key := range []string{"k", "", "ключ", long, "k", "absent"} {
		requests = append(requests, request(kv.Get, key, ""), request(kv.PutOrUpdate, key, "value of "+key), request(kv.Get, key, ""))
	}
	for name, empty := range map[string]func() store.Store{
		"InMemory": func() store.Store { return store.New(0) },
		"Sharded":  func() store.Store { return store.NewSharded(0) },
		"plain":    func() store.Store { return struct{ store.Store }{store.New(0)} },
		"batches":  func() store.Store { return &batching{Store: store.New(0)} },
	} {
		for most := 1; most <= len(requests); most++ {
			alone, together := kv.NewHandler(empty()), kv.NewHandler(empty())
			for i := 0; i < len(requests); i += most {
				some := requests[i:min(i+most, len(requests))]
				var want []byte
				for _, r := range some {
					want = append(want, frames(alone.AppendReply(nil, r))...)
				}
				got, err := answerAll(together, frames(some...))
				require.NoError(t, err)
				require.Equal(t, want, got, "%s, %d at once, from %d", name, most, i)
			}
		}
	}
}

// noting is a store that notes its calls.
type noting struct {
	*store.InMemory
	log []string
}

func (s *noting) Prefetch(hashes [store.PrefetchBatch]uint64, n int) {
	s.log = append(s.log, fmt.Sprint("prefetch ", n))
	s.InMemory.Prefetch(hashes, n)
}

func (s *noting) AppendFit(dst, key []byte) ([]byte, bool, int, error) {
	s.log = append(s.log, "get "+string(key))
	return s.InMemory.AppendFit(dst, key)
}

func (s *noting) Itself() store.Store { return s }

func TestTheStoreIsShownTheKeysFirst(t *testing.T) {
	gets := func(n int) (bodies [][]byte) {
		for i := range n {
			bodies = append(bodies, request(kv.Get, fmt.Sprint(i), ""))
		}
		return bodies
	}
	s := &noting{InMemory: store.New(0)}
	h := kv.NewHandler(s)
	_, _, n, _, err := h.Serve(make([]byte, 0, 1000), append(frames(gets(2)...), 1, 2), 1<<20, 1<<20)
	require.NoError(t, err)
	assert.Equal(t, 2, n)
	assert.Equal(t, []string{"prefetch 2", "get 0", "get 1"}, s.log)

	s.log = nil
	_, err = answerAll(h, frames(gets(store.PrefetchBatch+1)...))
	require.NoError(t, err)
	assert.Equal(t, "prefetch 16", s.log[0])
	assert.Equal(t, []string{"get 15", "get 16"}, s.log[store.PrefetchBatch:], "one alone need not be shown")

	s.log = nil
	h.Prefetch([store.PrefetchBatch]uint64{}, 3)
	assert.Equal(t, []string{"prefetch 3"}, s.log, "for requests of several clients")
}

func TestServeStopsAtTheLimit(t *testing.T) {
	h := kv.NewHandler(store.New(0))
	get := request(kv.Get, "absent", "")
	size := len(frames(h.AppendReply(nil, get)))
	data := frames(get, get, get, get, get)
	for limit, want := range map[int]int{0: 1, size: 1, 2*size - 1: 1, 2 * size: 2, 3*size - 1: 2, 4 * size: 4, 100 * size: 5} {
		out, taken, n, need, err := h.Serve(make([]byte, 0, 1000), data, 1<<20, limit)
		assert.Zero(t, need)
		require.NoError(t, err)
		assert.Equal(t, want, n, "limit %d", limit)
		assert.Len(t, out, want*size)
		assert.Equal(t, want*len(data)/5, taken)
	}
}

func TestServeStopsAtWhatIsNoFrame(t *testing.T) {
	h := kv.NewHandler(store.New(0))
	get := request(kv.Get, "absent", "")
	for whole := range 4 {
		data := frames(slices.Repeat([][]byte{get}, whole)...)
		data = append(data, "no frame"...)
		out, taken, n, _, err := h.Serve(make([]byte, 0, 1000), data, 1<<20, 1<<20)
		assert.Equal(t, whole, n)
		if whole > 0 {
			require.NoError(t, err, "it is not the first")
			out, taken, n, _, err = h.Serve(out, data[taken:], 1<<20, 1<<20)
			assert.Zero(t, n)
		}
		assert.ErrorIs(t, err, frame.ErrTooLong)
		assert.Zero(t, taken)
		_, err = answerAll(h, out)
		assert.NoError(t, err, "nothing but frames")
	}
}

func TestHandlerAllocatesNothing(t *testing.T) {
	for _, s := range []store.Store{store.New(0), store.NewSharded(0)} {
		h := kv.NewHandler(s)
		put, get := request(kv.PutOrUpdate, "key", strings.Repeat("v", 300)), request(kv.Get, "key", "")
		absent := request(kv.Get, "nobody", "")
		buf := h.AppendReply(make([]byte, 0, 1024), put)[:0]
		for name, r := range map[string][]byte{"put": put, "get": get, "absent": absent} {
			assert.Zero(t, testing.AllocsPerRun(100, func() { h.AppendReply(buf, r) }), "%s, %T", name, s)
			three := frames(r, r, r)
			buf := make([]byte, 0, 2048)
			assert.Zero(t, testing.AllocsPerRun(100, func() { _, _, _, _, _ = h.Serve(buf, three, 1<<20, 1<<20) }), "three %s, %T", name, s)
		}
	}
}

// A reply goes into the free memory, or Serve says how much memory it needs,
// and that much is enough.
func TestAReplyNeedsWhatItSaysItNeeds(t *testing.T) {
	before := strings.Repeat("b", 1000)
	for name, s := range map[string]store.Store{"InMemory": store.New(0), "Sharded": store.NewSharded(0)} {
		h := kv.NewHandler(s)
		for _, key := range []string{"", "k", strings.Repeat("k", 300), strings.Repeat("k", 20_000)} {
			for _, size := range []int{-1, 0, 1, 127, 128, 20_000} {
				if size >= 0 {
					require.NoError(t, s.Put([]byte(key), bytes.Repeat([]byte("v"), size)))
				}
				get := request(kv.Get, key, "")
				want := frames(h.AppendReply(nil, get))
				for _, data := range [][]byte{frames(get), frames(get, get)} {
					needs := 0
					for room := 0; ; {
						dst := append(make([]byte, 0, len(before)+room), before...)
						out, taken, n, need, err := h.Serve(dst, data, 1<<20, 1<<30)
						require.NoError(t, err)
						require.Same(t, &dst[0], &out[0], "%s: it was moved", name)
						if need == 0 {
							require.Positive(t, n)
							require.Equal(t, before+strings.Repeat(string(want), n), string(out))
							require.Equal(t, n*len(frames(get)), taken)
							break
						}
						require.Equal(t, before, string(out))
						require.Zero(t, taken+n)
						require.Greater(t, need, room)
						require.LessOrEqual(t, need, len(want)+100)
						room = need
						needs++
					}
					require.LessOrEqual(t, needs, 3, "for a frame, a key and a value")
				}
			}
		}
	}
}

// A wrong hash would only prefetch the wrong record, so no reply would show it.
func TestHashIsTheKeys(t *testing.T) {
	s := store.New(0)
	h := kv.NewHandler(s)
	for size := range 0x80 {
		key := strings.Repeat("k", size)
		if hash, ok := h.Hash(frames(request(kv.Get, key, "")), 1<<20); size > 0 && assert.True(t, ok, "a key of %d bytes", size) {
			assert.Equal(t, s.Hash([]byte(key)), hash)
		}
	}
	for name, body := range map[string][]byte{
		"a long key":        request(kv.Get, strings.Repeat("k", 0x80), ""),
		"no key":            request(kv.Get, "", ""),
		"part of a tag":     request(kv.Get, "k", "")[:1],
		"a key that is cut": []byte("\x0a\x7fk"),
	} {
		_, ok := h.Hash(frames(body), 1<<20)
		assert.False(t, ok, name)
	}
	get := frames(request(kv.Get, "key", ""))
	for name, in := range map[string][]byte{
		"two at once": append(bytes.Clone(get), get...), "cut off": get[:10], "no frame": []byte("GET"), "nothing": nil,
	} {
		_, ok := h.Hash(in, 1<<20)
		assert.False(t, ok, name)
	}
	_, ok := h.Hash(get, len(get)-frame.Header-1)
	assert.False(t, ok, "over the limit")
	_, ok = kv.NewHandler(struct{ store.Store }{s}).Hash(get, 1<<20)
	assert.False(t, ok, "of a store that does not prefetch")
}

// A value that just fits leaves no room for the rest of the reply. Serve then
// asks for room for both.
func TestAReplyWithoutRoomForItsEndNeedsItsLength(t *testing.T) {
	s := store.New(0)
	require.NoError(t, s.Put([]byte("k"), bytes.Repeat([]byte("v"), 20_000)))
	h := kv.NewHandler(s)
	get := request(kv.Get, "k", "")
	size := len(frames(h.AppendReply(nil, get)))
	before := bytes.Repeat([]byte("b"), 1000)
	for short := range 40 {
		dst := append(make([]byte, 0, len(before)+size-short), before...)
		_, _, n, need, err := h.Serve(dst, frames(get), 1<<20, 1<<30)
		require.NoError(t, err)
		require.Zero(t, n)
		assert.GreaterOrEqual(t, need, size, "%d bytes short", short)
		assert.LessOrEqual(t, need, size+100, "%d bytes short", short)
	}
}

// The key of a request that is refused needs no room, because the refusal has no key.
func TestARefusalNeedsNoRoomForTheKey(t *testing.T) {
	body := append(request(kv.Get, strings.Repeat("k", 20_000), ""), "\x12\x05cut"...)
	_, _, n, need, err := kv.NewHandler(store.New(0)).Serve(make([]byte, 0, 300), frames(body), 1<<20, 1<<20)
	require.NoError(t, err)
	assert.Zero(t, need)
	assert.Equal(t, 1, n)
}

// A put is not repeated when its reply did not fit.
func TestWhatDoesNotFitIsNotCarriedOut(t *testing.T) {
	s := &counting{Store: store.New(0)}
	h := kv.NewHandler(s)
	data := frames(slices.Repeat([][]byte{request(kv.PutOrUpdate, "k", "v")}, 10)...)
	answered := 0
	for len(data) > 0 {
		_, taken, n, need, err := h.Serve(make([]byte, 0, 100), data, 1<<20, 1<<30)
		require.NoError(t, err)
		require.Zero(t, need)
		require.Positive(t, n)
		data = data[taken:]
		answered += n
		require.Equal(t, answered, s.puts)
	}
	_, _, _, need, err := h.Serve(make([]byte, 0, 10), frames(request(kv.PutOrUpdate, "k", "v")), 1<<20, 1<<30)
	require.NoError(t, err)
	assert.Positive(t, need)
	assert.Equal(t, answered, s.puts)
}

// counting is a store that counts puts.
type counting struct {
	store.Store
	puts int
}

func (s *counting) Put(key, value []byte) error {
	s.puts++
	return s.Store.Put(key, value)
}

// shouting is a user's store that embeds one of ours.
type shouting struct{ *store.InMemory }

func (s shouting) Append(dst, key []byte) (out []byte, found bool, err error) {
	out, found, err = s.InMemory.Append(dst, key)
	return append(out, '!'), found, err
}

// A store that embeds one of ours was once bypassed: the embedded store's AppendFit was
// taken for its own.
func TestAStoreThatEmbedsOursIsAsked(t *testing.T) {
	s := shouting{store.New(0)}
	require.NoError(t, s.Put([]byte("k"), []byte("v")))
	reply, err := kv.Parse(kv.NewHandler(s).AppendReply(nil, kv.AppendMessage(nil, kv.Message{Key: []byte("k"), Kind: kv.Get})))
	require.NoError(t, err)
	assert.Equal(t, "v!", string(reply.Value))
}
