package resp_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/ioflavors/ioflavors/common/resp"
)

// redis is a redis-server for one test.
type redis struct{ socket string }

// startRedis starts the redis-server that is installed, with further arguments.
func startRedis(t *testing.T, args ...string) *redis {
	path, err := exec.LookPath("redis-server")
	if err != nil {
		t.Skip("redis-server is not installed: the replies are not compared with Redis's")
	}
	dir, err := os.MkdirTemp("", "redis") // short, because a socket's path has a limit
	require.NoError(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	r := &redis{filepath.Join(dir, "s")}
	cmd := exec.Command(path, append([]string{"--port", "0", "--unixsocket", r.socket, "--save", "", "--databases", "1", "--dir", dir}, args...)...)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	require.Eventually(t, func() bool {
		c, err := net.Dial("unix", r.socket)
		if err == nil {
			c.Close()
		}
		return err == nil
	}, 30*time.Second, 10*time.Millisecond)
	return r
}

// redisConn is a connection to it.
type redisConn struct {
	net.Conn
	in *bufio.Reader
}

func (r *redis) dial(t require.TestingT) *redisConn {
	c, err := net.Dial("unix", r.socket)
	require.NoError(t, err)
	require.NoError(t, c.SetDeadline(time.Now().Add(time.Minute)))
	return &redisConn{c, bufio.NewReader(c)}
}

func (c *redisConn) do(t require.TestingT, words ...string) string {
	_, err := io.WriteString(c, array(words...))
	require.NoError(t, err)
	reply, err := readReply(c.in)
	require.NoError(t, err)
	return reply
}

// readReply reads one reply, whole.
func readReply(in *bufio.Reader) (string, error) {
	line, err := in.ReadString('\n')
	if err != nil {
		return line, err
	}
	n, _ := strconv.Atoi(strings.TrimSpace(line[1:]))
	switch line[0] {
	case '$', '=':
		if n < 0 {
			return line, nil
		}
		text := make([]byte, n+2)
		_, err := io.ReadFull(in, text)
		return line + string(text), err
	case '*', '~', '%':
		if line[0] == '%' {
			n *= 2
		}
		for range n {
			element, err := readReply(in)
			if err != nil {
				return line, err
			}
			line += element
		}
	}
	return line, nil
}

var (
	someKeys   = []string{"a", "b", "c", "a key", "\x00\xff\r\n", ""}
	someValues = []string{"", "v", "1", "-5", "10", "007", " 1", "1.5", "+1", "-0", "9223372036854775807", "-9223372036854775808", "9223372036854775808", "\r\n$3\r\n", "\xff\x00", strings.Repeat("x", 200)}
	someWords  = []string{"NX", "xx", "Get", "EX", "foo", "COUNT", "1", "0", "-1", "MATCH", "*", "TYPE", "string", "hash", "sync", "ASYNC"}
)

// commandsToCompare are commands with their usual arguments: k is a key, v a value, n a
// number, w any word.
var commandsToCompare = []string{
	"GET k", "SET k v", "SET k v NX", "SET k v XX", "SET k v GET", "SET k v nx get", "SET k v XX GET", "SET k v NX XX", "SET k v w", "SET k v w w",
	"MGET k", "MGET k k k", "MSET k v", "MSET k v k v", "MSET k v k v k v", "MSET k v k", "SETNX k v", "GETSET k v", "GETDEL k",
	"DEL k", "DEL k k k", "UNLINK k k", "EXISTS k", "EXISTS k k k", "STRLEN k", "APPEND k v", "TYPE k",
	"INCR k", "DECR k", "INCRBY k n", "DECRBY k n", "DBSIZE", "FLUSHALL", "FLUSHDB w", "FLUSHALL w",
	"PING", "PING v", "PING v v", "ECHO v", "SELECT n", "SELECT 0", "SELECT 1", "SELECT x",
	"SCAN x", "SCAN 0 COUNT 0", "SCAN 0 COUNT x", "SCAN 0 w", "SCAN 0 TYPE hash", "SCAN 0 MATCH nothing COUNT 100",
	"CLIENT GETNAME", "CLIENT SETNAME name", "CLIENT SETNAME v", "CLIENT w", "CLIENT", "CLIENT SETNAME", "CLIENT GETNAME w",
	"COMMAND COUNT w", "COMMAND INFO foo", "COMMAND DOCS foo", "COMMAND foo",
	"CONFIG GET databases", "CONFIG GET appendonly", "CONFIG GET nothing", "CONFIG", "CONFIG GET", "CONFIG foo", "CONFIG GET maxmemory-polic?",
	"HELLO 1", "HELLO x", "HELLO 3 SETNAME", "HELLO 2 foo", "HELLO 4 AUTH default x", "HELLO 2 AUTH foo bar", "HELLO 3 SETNAME v",
	"AUTH x", "AUTH default x", "AUTH foo x", "AUTH a b c", "RESET", "foo", "foo v", "foo v v v", "v", "GET", "GET k k", "SET k", "MSET", "INCR", "INCRBY k", "DBSIZE w",
}

func drawCommand(t *rapid.T) []string {
	words := strings.Fields(rapid.SampledFrom(commandsToCompare).Draw(t, "command"))
	for i, word := range words {
		switch word {
		case "k":
			words[i] = rapid.SampledFrom(someKeys).Draw(t, "key")
		case "v":
			words[i] = rapid.SampledFrom(someValues).Draw(t, "value")
		case "n":
			words[i] = rapid.OneOf(rapid.SampledFrom(someValues), rapid.Map(rapid.Int64(), func(n int64) string { return fmt.Sprint(n) })).Draw(t, "number")
		case "w":
			words[i] = rapid.SampledFrom(someWords).Draw(t, "word")
		}
	}
	return words
}

// expires reports whether the command has one of the options that this server refuses.
func expires(words []string) bool {
	if !strings.EqualFold(words[0], "set") || len(words) < 4 {
		return false
	}
	for _, word := range words[3:] {
		if strings.EqualFold(word, "ex") {
			return true
		}
	}
	return false
}

// Random commands get the same replies from a Redis, byte for byte.
func TestRepliesAreRediss(t *testing.T) {
	r := startRedis(t)
	for _, version := range []string{"2", "3"} {
		t.Run("RESP"+version, rapid.MakeCheck(func(t *rapid.T) {
			theirs := r.dial(t)
			defer theirs.Close()
			ours := connect(start(t, resp.Config{}))
			theirs.do(t, "FLUSHALL")
			theirs.do(t, "HELLO", version)
			ours.do("HELLO", version)
			for range rapid.IntRange(1, 50).Draw(t, "commands") {
				words := drawCommand(t)
				if expires(words) { // Redis keeps the entry for a while
					require.Regexp(t, "^-ERR (syntax|.* not supported)", ours.do(words...))
					continue
				}
				want, got := theirs.do(t, words...), ours.do(words...)
				if words[0] == "HELLO" && want[0] != '-' { // it names the server
					want, got = want[:1], got[:1]
				}
				require.Equal(t, want, got, "%q", words)
			}
		}))
	}
}

// Streams that break the protocol, and inline commands, get what they get from Redis. The
// end of each stream is the end of the input, so both servers close the connection.
func TestProtocolErrorsAreRediss(t *testing.T) {
	streams := []string{
		"*x\r\n", "*99999999999\r\n", "*-1\r\n+PING\r\n", "*0\r\nPING\r\n", "*1\r\nx", "*1\r\n$x\r\n", "*1\r\n$-1\r\n", "*1\r\n$99999999999\r\n",
		"*1\r\n$4\r\nPINGxx*1\r\n$4\r\nPING\r\n", "*01\r\n$4\r\nPING\r\n", "*1\r\n$04\r\nPING\r\n", "*+1\r\n", "* 1\r\n", "*\r\n", "*1\r\n$\r\n", "*1\rx$4\r\nPING\r\n", "*1\r\n\r\n", "*1\r\n\xff",
		"PING\r\n", "PING\n", "\r\n\r\nPING\r\n", "  PING  x \r\n", "ping \"a b\"\r\n", "ping \"\\x41\\n\\\"\\q\"\r\n", "ping 'a\\'b\\n'\r\n", "ping \"a\r\nping\r\n", "ping 'a\r\n", "ping \"a\"b\r\n", "ping a\"b c\"\r\n",
		"set a 1\r\nget a\r\n*2\r\n$3\r\nGET\r\n$1\r\na\r\nincr a\r\n", "GET\r\n", "foo bar\r\n", "\"\"\r\n", "ping ''\r\n", "ping \"\\x4\"\r\n", "ping \"\\\r\n",
		strings.Repeat("x", 70_000), "*" + strings.Repeat("1", 70_000), "*1\r\n$" + strings.Repeat("1", 70_000), "QUIT\r\nPING\r\n", "*1\r\n$4\r\nquit\r\nPING\r\n", "\t\r\nPING\r\n",
		array("PING") + "*1\r\n$x\r\n" + array("PING"), array("foo", strings.Repeat("a", 100), strings.Repeat("b", 100), "c"), array(strings.Repeat("n", 200), "x"), array("foo\r\nbar", "a\r\nb"),
	}
	compareStreams(t, startRedis(t), resp.Config{}, streams)
}

// Without the password a client may do as little as with Redis.
func TestBeforeThePasswordItIsLikeRedis(t *testing.T) {
	compareStreams(t, startRedis(t, "--requirepass", "secret"), resp.Config{Password: "secret"}, []string{
		fields("PING") + fields("GET a") + fields("foo") + fields("GET") + fields("HELLO") + fields("HELLO 3") + fields("AUTH wrong") + fields("AUTH default wrong") + fields("AUTH a b c") + fields("AUTH secret") + fields("PING"),
		fields("AUTH other secret") + fields("AUTH default secret") + fields("GET a") + fields("AUTH wrong") + fields("GET a") + fields("RESET") + fields("GET a"),
		fields("HELLO 3 AUTH default wrong") + fields("PING") + fields("HELLO 2 SETNAME x") + fields("QUIT"),
		"*11\r\n$4\r\nPING\r\n", "*2\r\n$4\r\nPING\r\n$16385\r\n", "*10\r\n$4\r\nAUTH\r\n" + strings.Repeat("$1\r\na\r\n", 9), fields("AUTH secret") + fields(strings.Repeat("EXISTS ", 20)),
		fields("CLIENT ID") + fields("COMMAND COUNT") + fields("SELECT 0") + fields("QUIT"),
	})
}

func compareStreams(t *testing.T, r *redis, cfg resp.Config, streams []string) {
	for _, stream := range streams {
		theirs := r.dial(t)
		_, err := io.WriteString(theirs, stream)
		require.NoError(t, err)
		require.NoError(t, theirs.Conn.(*net.UnixConn).CloseWrite())
		want, _ := io.ReadAll(theirs.in) // Redis may reset the connection after its reply
		theirs.Close()
		p := start(t, cfg)
		require.Equal(t, string(want), connect(p).send(stream), "%.200q", stream)
	}
}
