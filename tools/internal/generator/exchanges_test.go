package generator_test

import (
	"bufio"
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/common/exchanges"
	"github.com/ioflavors/ioflavors/tools/internal/generator"
	"github.com/ioflavors/ioflavors/tools/internal/load"
)

// talk is a file of exchanges with a server of lines that wants a login.
const talk = `
> "login ann\n"
< "hello ann\n"
> "mode long\n"
< "ok\n"
repeat:
> "first\n"
< "FIRST\n"
> "second"
> " and more\n"
< "SECOND AND MORE\n"
> "third\n"
< "THIRD\n"
`

func talkOf(t *testing.T, text string) *load.Exchanges {
	t.Helper()
	all, err := exchanges.Parse("talk.txt", strings.NewReader(text))
	require.NoError(t, err)
	e, err := load.NewExchanges("talk.txt", all)
	require.NoError(t, err)
	return e
}

func talkConfig(t *testing.T, addr string) generator.Config {
	w := load.DefaultWorkload().Of(talkOf(t, talk))
	w.Connections, w.Depth = 7, 4
	return generator.Config{Addr: addr, Workload: w, Warmup: 20 * time.Millisecond, Duration: 200 * time.Millisecond}
}

// lines answers lines. It notes in heard what each connection sent, and closes a
// connection that sends something behind a request that sets it up, before the answer.
func lines(heard chan<- []string) func(*server, net.Conn) {
	return func(_ *server, c net.Conn) {
		in := bufio.NewReader(c)
		var all []string
		defer func() { heard <- all }()
		for {
			line, err := in.ReadString('\n')
			if err != nil {
				return
			}
			all = append(all, strings.TrimSpace(line))
			reply := strings.ToUpper(line)
			if len(all) <= 2 {
				if in.Buffered() > 0 {
					return
				}
				reply = map[string]string{"login ann\n": "hello ann\n", "mode long\n": "ok\n"}[line]
			}
			if _, err := c.Write([]byte(reply)); err != nil {
				return
			}
		}
	}
}

// Each connection sends what sets it up once, one request at a time, and then repeats
// the others in their order, with as many in flight as it may.
func TestExchanges(t *testing.T) {
	for _, rate := range []float64{0, 2000} {
		t.Run(fmt.Sprint(rate), func(t *testing.T) {
			heard := make(chan []string, 100)
			s := (&server{behave: lines(heard)}).start(t)
			cfg := talkConfig(t, s.addr)
			cfg.Rate = rate
			require.NoError(t, generator.Preload(t.Context(), cfg))
			assert.Equal(t, []string{"login ann", "mode long", "first", "second and more", "third"}, <-heard, "each once")

			r, err := generator.Run(t.Context(), cfg)
			require.NoError(t, err)
			require.NoError(t, r.Errors.Err())
			assert.Positive(t, r.Requests)
			assert.Equal(t, 7, r.Served)
			for range cfg.Connections {
				all := <-heard
				require.Equal(t, []string{"login ann", "mode long"}, all[:2])
				for i, line := range all[2:] {
					require.Equal(t, []string{"first", "second and more", "third"}[i%3], line)
				}
			}
		})
	}
}

// A wrong reply names the line of the file, and shows both texts. Its connection is
// given up, because nothing tells where the reply ends.
func TestAWrongReplyNamesItsLine(t *testing.T) {
	long := strings.Repeat("x", 300)
	for name, test := range map[string]struct{ answer, says string }{
		"another text":   {"first,\n", `talk.txt:7: the reply is "first,\n", want "FIRST\n"`},
		"too short":      {"FIRS\n", `talk.txt:7: the reply is "FIRS\n", want "FIRST\n"`},
		"clipped":        {long, `talk.txt:7: the reply is "` + long[:80] + `"… (300 bytes), want "FIRST\n"`},
		"cannot be seen": {"\x1b[2J\n", `talk.txt:7: the reply is "\x1b[2J\n", want "FIRST\n"`},
	} {
		t.Run(name, func(t *testing.T) {
			s := (&server{behave: func(_ *server, c net.Conn) {
				in := bufio.NewReader(c)
				for {
					line, err := in.ReadString('\n')
					if err != nil {
						return
					}
					reply := map[string]string{"login ann\n": "hello ann\n", "mode long\n": "ok\n"}[line]
					if reply == "" {
						reply = test.answer
					}
					_, _ = c.Write([]byte(reply))
				}
			}}).start(t)
			cfg := talkConfig(t, s.addr)
			cfg.Depth = 1
			err := generator.Preload(t.Context(), cfg)
			require.ErrorContains(t, err, "load: the exchanges, one after the other: talk.txt:7: ")
			require.ErrorContains(t, err, test.says)
			r, err := generator.Run(t.Context(), cfg)
			require.NoError(t, err)
			assert.Zero(t, r.Requests)
			assert.EqualValues(t, 7, r.Errors.Wrong, "one on each connection")
			assert.Zero(t, r.Errors.Broken)
			assert.Equal(t, test.says, r.Errors.First)
		})
	}
}

// The text of a long reply begins near the first byte that differs.
func TestAWrongReplyShowsWhereItDiffers(t *testing.T) {
	right := strings.Repeat("0123456789", 20)
	e, err := load.NewExchanges("talk.txt", []exchanges.Exchange{{Request: []byte("?"), Reply: []byte(right + "abc"), Line: 4}})
	require.NoError(t, err)
	s := (&server{behave: func(_ *server, c net.Conn) {
		_, _ = c.Read(make([]byte, 1))
		_, _ = c.Write([]byte(right + "abd"))
	}}).start(t)
	err = generator.Preload(t.Context(), generator.Config{Addr: s.addr, Workload: load.DefaultWorkload().Of(e)})
	require.ErrorContains(t, err, `talk.txt:4: the reply, from byte 183 on, is "234567890`)
	require.ErrorContains(t, err, `789abd", want "234567890`)
}

// A reply is found however its bytes arrive.
func TestExchangesInPieces(t *testing.T) {
	s := (&server{behave: func(_ *server, c net.Conn) {
		in := bufio.NewReader(c)
		for {
			line, err := in.ReadString('\n')
			if err != nil {
				return
			}
			reply := map[string]string{"login ann\n": "hello ann\n", "mode long\n": "ok\n"}[line]
			if reply == "" {
				reply = strings.ToUpper(line)
			}
			for piece := range slices.Chunk([]byte(reply), 1) {
				if _, err := c.Write(piece); err != nil {
					return
				}
			}
		}
	}}).start(t)
	r, err := generator.Run(t.Context(), talkConfig(t, s.addr))
	require.NoError(t, err)
	require.NoError(t, r.Errors.Err())
	assert.Positive(t, r.Requests)
}

// A workload of exchanges that has none, as one read from JSON, does not run.
func TestExchangesHaveBounds(t *testing.T) {
	cfg := talkConfig(t, "127.0.0.1:1")
	require.NoError(t, cfg.Validate())
	cfg.Connections, cfg.Depth = 1<<10, 1<<10
	require.NoError(t, cfg.Validate())
	long := []exchanges.Exchange{{Request: []byte("?"), Reply: make([]byte, 1<<12)}}
	e, err := load.NewExchanges("long.txt", long)
	require.NoError(t, err)
	cfg.Workload = cfg.Of(e)
	require.ErrorContains(t, cfg.Validate(), "connections × depth × longest request or reply is 4294967296, the most is 1073741824")
	e.All = nil
	require.ErrorContains(t, cfg.Validate(), "no exchanges")
	require.ErrorContains(t, generator.Preload(t.Context(), cfg), "no exchanges")
}
