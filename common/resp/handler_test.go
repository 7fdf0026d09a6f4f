package resp_test

import (
	"errors"
	"fmt"
	"iter"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/ioflavors/ioflavors/common/resp"
	"github.com/ioflavors/ioflavors/common/session"
	"github.com/ioflavors/ioflavors/common/store"
)

func TestReplies(t *testing.T) {
	c := connect(start(t, resp.Config{}))
	replies(t, c,
		"PING", "+PONG|", "GET k", "$-1|", "SET k v", "+OK|", "get k", "$1|v|", "SET k w NX", "$-1|", "SET k w XX GET", "$1|v|", "SET n 1 NX GET", "$-1|",
		"MGET k none n", "*3|$1|w|$-1|$1|1|", "INCR n", ":2|", "INCR k", "-ERR value is not an integer or out of range|",
		"APPEND k xyz", ":4|", "STRLEN k", ":4|", "EXISTS k k none", ":2|", "TYPE k", "+string|", "TYPE none", "+none|",
		"DBSIZE", ":2|", "SCAN 0 MATCH k*", "*2|$1|0|*1|$1|k|", "SCAN 17", "*2|$1|0|*0|",
		"GETDEL k", "$4|wxyz|", "DEL k n n", ":1|", "CLIENT ID", ":1|", "COMMAND INFO nothing", "*1|$-1|", "CONFIG GET data* data*", "*2|$9|databases|$1|1|",
		"SET k v EX 10", "-ERR EX is not supported, because no key of this server expires|", "SET k v KEEPTTL", "-ERR KEEPTTL is not supported, because no key of this server expires|",
		"HELLO 3", "%7|$6|server|$9|ioflavors|$7|version|$5|7.0.0|$5|proto|:3|$2|id|:1|$4|mode|$10|standalone|$4|role|$6|master|$7|modules|*0|",
		"GET k", "_|", "MGET k", "*1|_|", "CONFIG GET databases", "%1|$9|databases|$1|1|", "COMMAND INFO echo", "*1|*10|$4|echo|:2|~3|+loading|+stale|+fast|:0|:0|:0|~1|+@connection|*0|*0|*0|",
		"COMMAND DOCS echo none", "%1|$4|echo|%3|$7|summary|$21|Echo the given string|$5|since|$5|1.0.0|$5|group|$10|connection|",
		"CLIENT SETINFO lib-name lib", "+OK|", "CLIENT SETINFO lib-ver 1.0", "+OK|", "CLIENT SETINFO foo x", "-ERR Unrecognized option 'foo'|", "CLIENT SETNAME me", "+OK|",
		"CLIENT INFO", "=54|txt:id=1 name=me db=0 resp=3 lib-name=lib lib-ver=1.0\n|", "INFO keyspace", "=16|txt:# Keyspace||",
	)
	assert.Regexp(t, `^-ERR Client names cannot be longer`, c.do("CLIENT", "SETNAME", strings.Repeat("x", 257)))
	replies(t, c, "RESET", "+RESET|", "GET k", "$-1|", "CLIENT GETNAME", "$-1|", "QUIT", "+OK|", "PING", "")
	assert.ErrorIs(t, c.s.Err(), session.Done)
}

// A value of each length at which the length of its own length changes comes back as it
// was put.
func TestValuesOfAllLengths(t *testing.T) {
	c := connect(start(t, resp.Config{}))
	for _, n := range []int{0, 1, 9, 10, 11, 99, 100, 999, 1000, 1024, 4000, 9999, 10_000, 65_536, 99_999, 100_000, 999_999, 1_000_000, 7} {
		value := strings.Repeat("\xff\r\n\x00", n/4+1)[:n]
		require.Equal(t, "+OK\r\n", c.do("SET", "k", value))
		want := fmt.Sprintf("$%d\r\n%s\r\n", n, value)
		require.Equal(t, want, c.do("GET", "k"))
		require.Equal(t, "*2\r\n"+want+want, c.do("MGET", "k", "k"))
		require.Equal(t, want, c.do("GETSET", "k", value))
		require.Equal(t, want, c.do("SET", "k", value, "GET"))
		require.Equal(t, want, c.do("ECHO", value))
	}
}

// A conversation gives the same replies wherever its bytes are cut.
func TestEveryCut(t *testing.T) {
	talk := fields("SET k v") + fields("GET k") + "ping 'a b'\r\n" + "*0\r\n\r\n" + array("SET", "bin", "\r\n$3\r\n\x00") + fields("MSET a 1 b 2") + fields("MGET a b c bin") +
		fields("INCR a") + fields("HELLO 3") + fields("GET none") + fields("APPEND k "+strings.Repeat("x", 300)) + fields("GETDEL k") + fields("foo bar") + fields("DEL a b") + "*1\r\n!"
	want := connect(start(t, resp.Config{})).send(talk + "\r\n")
	require.True(t, strings.HasSuffix(want, "expected '$', got '!'\r\n"), want)
	for cut := range talk {
		c := connect(start(t, resp.Config{}))
		require.Equal(t, want, c.send(talk[:cut])+c.send(talk[cut:])+c.send("\r\n"), "cut at %d", cut)
	}
	c := connect(start(t, resp.Config{}))
	var got strings.Builder
	for i := range talk {
		got.WriteString(c.send(talk[i : i+1]))
	}
	require.Equal(t, want, got.String()+c.send("\r\n"), "byte by byte")
}

// Any cuts of any pipeline give the replies that its commands get one at a time.
func TestPipelinesInPieces(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, alone := start(t, resp.Config{}), connect(start(t, resp.Config{}))
		var in, want strings.Builder
		for range rapid.IntRange(1, 40).Draw(t, "commands") {
			words := drawCommand(t)
			if words[0] == "HELLO" || words[0] == "SCAN" {
				continue // the one names the connection, the other is in no order
			}
			in.WriteString(array(words...))
			want.WriteString(alone.do(words...))
		}
		c := connect(p)
		var got strings.Builder
		for rest := in.String(); rest != ""; {
			n := rapid.IntRange(1, len(rest)).Draw(t, "piece")
			got.WriteString(c.send(rest[:n]))
			rest = rest[n:]
		}
		require.Equal(t, want.String(), got.String())
	})
}

// counting counts the bytes that a handler is given.
type counting struct {
	session.Protocol
	served, calls int
}

func (p *counting) Open() session.Handler { return countingHandler{p.Protocol.Open(), p} }

type countingHandler struct {
	session.Handler
	p *counting
}

func (h countingHandler) Serve(out, in []byte, max, limit int) (_ []byte, taken, answered, room int, err error) {
	h.p.calls++
	h.p.served += len(in)
	return h.Handler.Serve(out, in, max, limit)
}

// A request of many arguments that comes in small pieces was once read from the beginning
// for each piece. Now the handler is called only when the pieces may have completed it.
func TestARequestInSmallPiecesIsReadFewTimes(t *testing.T) {
	words := []string{"MSET"}
	for i := range 10_000 {
		words = append(words, fmt.Sprint("key:", i), strings.Repeat("v", 20))
	}
	text := array(words...)
	p := &counting{Protocol: start(t, resp.Config{})}
	c := connect(p)
	var got string
	for rest := text; rest != ""; rest = rest[min(64, len(rest)):] {
		got += c.send(rest[:min(64, len(rest))])
	}
	require.Equal(t, "+OK\r\n", got)
	assert.Less(t, p.calls, 100, "calls of Serve")
}

// The server's limit holds for whatever a client announces, and it is told at once.
func TestRequestsThatAreTooLong(t *testing.T) {
	for in, want := range map[string]string{
		fmt.Sprintf("*2\r\n$3\r\nGET\r\n$%d\r\n", maxRequest+1):              "-ERR Protocol error: invalid bulk length\r\n",
		fmt.Sprintf("*%d\r\n", maxRequest/6+4):                               "-ERR Protocol error: invalid multibulk length\r\n",
		fmt.Sprintf("*%d\r\n$4\r\nMGET\r\n$100000\r\n", maxRequest/6-10_000): "-ERR Protocol error: request too long: the limit is 1048576 bytes\r\n",
		fmt.Sprintf("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$%d\r\n", maxRequest-10):  "-ERR Protocol error: request too long: the limit is 1048576 bytes\r\n",
		fmt.Sprintf("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$%d\r\n", maxRequest-50):  "",
		"*1\r\n$4\r\nPING\r\n*1\r\n$9999999\r\n":                             "+PONG\r\n-ERR Protocol error: invalid bulk length\r\n",
	} {
		c := connect(start(t, resp.Config{}))
		require.Equal(t, want, c.send(in), "%q", in)
		if want != "" {
			assert.ErrorIs(t, c.s.Err(), session.ErrTooLong)
		}
	}
}

func TestRefusals(t *testing.T) {
	c := connect(start(t, resp.Config{}))
	c.s.Refuse("all 5 connections are in use")
	assert.Equal(t, "-ERR max number of clients reached\r\n", c.received())
}

// A reply that has no room in the memory for buffers ends the connection. It was not made
// first.
func TestAReplyWithoutBound(t *testing.T) {
	c := connect(start(t, resp.Config{}))
	require.Equal(t, "+OK\r\n", c.do("SET", "k", strings.Repeat("v", 1_000_000)))
	words := []string{"MGET"}
	for range 100 {
		words = append(words, "k")
	}
	assert.Empty(t, c.do(words...), "100 MB, and the pool has 64")
	assert.ErrorIs(t, c.s.Err(), session.ErrMemory)

	c = connect(start(t, resp.Config{}))
	require.Equal(t, "+OK\r\n", c.do("SET", "k", strings.Repeat("v", 1_000_000)))
	for range 500 {
		words = append(words, "k")
	}
	assert.Equal(t, "-ERR the reply would be longer than 512 MiB\r\n", c.do(words...))
}

// A value that APPEND makes is not longer than one that a client can put.
func TestAppendHasALimit(t *testing.T) {
	c := connect(start(t, resp.Config{}))
	require.Equal(t, "+OK\r\n", c.do("SET", "k", strings.Repeat("v", maxRequest-100)))
	require.Equal(t, fmt.Sprintf(":%d\r\n", maxRequest), c.do("APPEND", "k", strings.Repeat("v", 100)))
	require.Equal(t, "-ERR string exceeds maximum allowed size (proto-max-bulk-len)\r\n", c.do("APPEND", "k", "v"))
}

// A full store says what a full Redis says, and changes nothing.
func TestAFullStore(t *testing.T) {
	const full = "-OOM command not allowed when used memory > 'maxmemory'.\r\n"
	p := start(t, resp.Config{Store: store.New(500)})
	c := connect(p)
	long := strings.Repeat("v", 600)
	require.Equal(t, "+OK\r\n", c.do("SET", "k", "1"))
	for _, words := range [][]string{{"SET", "k", long}, {"SET", "k", long, "GET"}, {"MSET", "a", "1", "k", long}, {"APPEND", "k", long}, {"GETSET", "k", long}, {"SETNX", "a", long}} {
		require.Equal(t, full, c.do(words...), words[0])
	}
	require.Equal(t, "*2\r\n$1\r\n1\r\n$-1\r\n", c.do("MGET", "k", "a"))
	require.Equal(t, ":1\r\n", c.do("DBSIZE"))
	require.EqualValues(t, 6, p.StoreStats().StoreFull)
	require.Equal(t, "+OK\r\n", c.do("FLUSHALL"))
	require.Equal(t, "+OK\r\n", c.do("SET", "a", long[:400]), "the space is free again")
}

// plain is a store with nothing but the methods of store.Store, which fails for a key.
type plain struct{ of store.Store }

func (s plain) Append(dst, key []byte) (out []byte, found bool, err error) {
	if string(key) == "fail" {
		return nil, false, errors.New("secret address")
	}
	return s.of.Append(dst, key)
}

func (s plain) Put(key, value []byte) error {
	if string(key) == "fail" {
		return errors.New("secret address")
	}
	return s.of.Put(key, value)
}

func TestAStoreThatCanDoLittle(t *testing.T) {
	p := start(t, resp.Config{Store: plain{store.New(0)}})
	c := connect(p)
	replies(t, c, "SET k v", "+OK|", "GET k", "$1|v|", "GET none", "$-1|", "STRLEN k", ":1|", "TYPE k", "+string|",
		"INCR k", "-ERR the server's store does not support this command|", "DBSIZE", "-ERR the server's store does not support this command|",
		"SET k v NX", "-ERR the server's store does not support this command|",
		"GET fail", "-ERR the store failed|", "SET fail v", "-ERR the store failed|", "TYPE fail", "-ERR the store failed|", "INFO keyspace", "$12|# Keyspace||", "GET k", "$1|v|")
	require.EqualValues(t, 3, p.StoreStats().StoreErrors)
}

// Clients learn which kind of error it was. That of a step which needs several servers is
// theirs, so it is not counted.
func TestReasonsOfAStore(t *testing.T) {
	for err, want := range map[error]string{
		store.ErrUnavailable: "-ERR the store is not available\r\n",
		store.ErrTimeout:     "-ERR the store did not answer in time\r\n",
		store.ErrFull:        "-OOM command not allowed when used memory > 'maxmemory'.\r\n",
		store.ErrApart:       "-CROSSSLOT Keys in request don't hash to the same slot\r\n",
	} {
		p := start(t, resp.Config{Store: &losing{store.New(0), fmt.Errorf("at db.internal: %w", err)}})
		c := connect(p)
		for _, words := range [][]string{{"DEL", "a", "b"}, {"INCR", "a"}, {"MGET", "a", "b"}, {"SETNX", "k", "v"}, {"GETDEL", "a"}, {"EXISTS", "a"}, {"MSET", "a", "1"}} {
			require.Equal(t, want, c.do(words...), "one reply to %s, although the step has made another", words[0])
		}
		switch stats := p.StoreStats(); err {
		case store.ErrFull:
			assert.EqualValues(t, 7, stats.StoreFull)
		case store.ErrApart:
			assert.Zero(t, stats.StoreErrors)
		case store.ErrTimeout:
			assert.EqualValues(t, 7, stats.StoreTimeouts)
		default:
			assert.EqualValues(t, 7, stats.StoreUnavailable)
		}
	}
}

// losing is a store that runs each step twice, as if others had changed the keys
// meanwhile, and loses what the step has done.
type losing struct {
	*store.InMemory
	err error
}

func (s *losing) Update(keys iter.Seq[[]byte], f func(store.Tx) error) error {
	for range 2 {
		if err := s.InMemory.Update(keys, f); err != nil {
			return err
		}
		_ = s.InMemory.Clear()
	}
	return s.err
}

func (s *losing) View(keys iter.Seq[[]byte], f func(store.Tx) error) error { return s.Update(keys, f) }

func (s *losing) Itself() store.Store { return s }

// embedded overrides Put of a store that it embeds, and inherits Update, which would go
// around it.
type embedded struct{ *store.InMemory }

func (embedded) Put(key, value []byte) error { return errors.New("read only") }

func TestAnEmbeddedStoreIsNotGoneAround(t *testing.T) {
	c := connect(start(t, resp.Config{Store: embedded{store.New(0)}}))
	replies(t, c, "INCR k", "-ERR the server's store does not support this command|", "SET k v", "-ERR the store failed|", "GET k", "$-1|")
}

// A command may have options in any number with Redis. Here it has few, because each was
// once searched from the beginning.
func TestManyWordsWhereFewAreUseful(t *testing.T) {
	c := connect(start(t, resp.Config{}))
	for _, words := range [][]string{{"SET", "k", "v"}, {"SCAN", "0"}, {"HELLO", "3"}, {"INFO"}, {"CONFIG", "GET"}} {
		for len(words) < 100_000 {
			words = append(words, "NX")
		}
		require.Equal(t, "-ERR syntax error\r\n", c.do(words...), words[0])
	}
}
