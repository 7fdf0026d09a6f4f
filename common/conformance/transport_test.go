package conformance_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/common/conformance"
	"github.com/ioflavors/ioflavors/common/exchanges"
)

// lineServer answers lines with lines. It is written with the standard library alone,
// and can have a flaw, which a rule should detect.
type lineServer struct {
	flaw                                   string
	login                                  bool
	idleTimeout, lineTimeout, writeTimeout time.Duration
	turnLimit                              time.Duration
	maxConns                               int

	ln      net.Listener
	serving sync.WaitGroup
	mu      sync.Mutex
	conns   map[net.Conn]bool
	seen    map[string]bool
	last    string
	turn    sync.Mutex
	active  atomic.Int32
	drain   atomic.Bool
	kept    []net.Conn // that a flaw does not close
	spin    chan struct{}
}

func (s *lineServer) start(t *testing.T) string {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	s.ln, s.conns, s.seen, s.spin = ln, make(map[net.Conn]bool), make(map[string]bool), make(chan struct{})
	s.serving.Go(func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			s.mu.Lock()
			s.conns[conn] = true
			s.mu.Unlock()
			s.serving.Go(func() {
				s.serve(conn.(*net.TCPConn))
				s.mu.Lock()
				defer s.mu.Unlock()
				delete(s.conns, conn)
				if s.flaw == "keeps descriptors of resets" {
					s.kept = append(s.kept, conn)
					return
				}
				conn.Close()
			})
		}
	})
	t.Cleanup(func() {
		ln.Close()
		close(s.spin)
		s.each(func(c net.Conn) { c.Close() })
		s.serving.Wait()
		for _, c := range s.kept {
			c.Close()
		}
	})
	return ln.Addr().String()
}

func (s *lineServer) each(f func(net.Conn)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.conns {
		f(c)
	}
}

// stop answers what has arrived, and ends.
func (s *lineServer) stop(context.Context) error {
	s.ln.Close()
	if s.flaw == "ends at once" {
		s.each(func(c net.Conn) { c.Close() })
	}
	s.drain.Store(true)
	s.each(func(c net.Conn) { _ = c.SetReadDeadline(time.Now().Add(short)) })
	s.serving.Wait()
	if s.flaw == "does not end" {
		return context.DeadlineExceeded
	}
	return nil
}

func (s *lineServer) serve(conn *net.TCPConn) {
	n := s.active.Add(1)
	defer s.active.Add(-1)
	switch {
	case s.flaw == "serves one client at a time":
		s.turn.Lock()
		defer s.turn.Unlock()
	case s.flaw == "drops clients in a crowd" && n > 8:
		return
	case s.maxConns > 0 && int(n) > s.maxConns:
		_, _ = io.WriteString(conn, "too many\n")
		if s.flaw == "keeps refused clients" {
			_, _ = io.Copy(io.Discard, conn)
		}
		return
	}
	if s.flaw == "spins" {
		s.serving.Go(func() {
			for {
				select {
				case <-s.spin:
					return
				default:
					runtime.Gosched()
				}
			}
		})
	}
	if s.flaw == "buffers replies without bound" {
		s.unbounded(conn)
		return
	}
	in, begin, admitted, served := bufio.NewReader(conn), time.Now(), !s.login, 0
	for {
		line, err := s.read(conn, in)
		if err != nil {
			if strings.Contains(err.Error(), "reset") && s.flaw == "dies of a reset" {
				s.ln.Close()
			}
			return
		}
		if s.flaw == "does nothing for clients that have left" {
			_ = conn.SetReadDeadline(time.Now().Add(time.Millisecond))
			if _, err := in.Peek(1); err == io.EOF {
				return
			}
			_ = conn.SetReadDeadline(time.Time{})
		}
		if !s.login || admitted {
			line = s.answer(line)
		} else if admitted = line == "login\n"; admitted {
			line = "welcome\n"
		} else {
			line = "log in first\n"
		}
		switch served++; {
		case s.flaw == "loses the thousandth request" && served%1000 == 0:
			continue
		case s.flaw == "answers late requests first" && in.Buffered() > 0:
			if next, err := s.read(conn, in); err == nil {
				line = s.answer(next) + line
			}
		case s.flaw == "mixes up replies":
			s.mu.Lock()
			line, s.last = s.last, line
			s.mu.Unlock()
		case s.flaw == "is deaf to clients that were silent" && time.Since(begin) > 10*time.Millisecond:
			return
		}
		if s.flaw != "waits for readers for ever" {
			_ = conn.SetWriteDeadline(time.Now().Add(max(s.writeTimeout, short)))
			if s.writeTimeout == 0 {
				_ = conn.SetWriteDeadline(time.Time{})
			}
		}
		if _, err := io.WriteString(conn, line); err != nil {
			if s.flaw == "dies of a reset" {
				s.ln.Close()
			}
			return
		}
		if s.turnLimit > 0 && s.active.Load() > 1 && time.Since(begin) > s.turnLimit {
			return
		}
		if s.flaw == "drops many pending replies at a FIN" && served > 100 {
			_ = conn.SetReadDeadline(time.Now().Add(time.Millisecond))
			if rest, err := io.ReadAll(in); err == nil && len(rest) > 0 {
				return
			}
			return
		}
	}
}

func (s *lineServer) read(conn *net.TCPConn, in *bufio.Reader) (string, error) {
	if !s.drain.Load() && s.idleTimeout > 0 {
		idle := s.idleTimeout
		if s.flaw == "closes idle clients at once" {
			idle = 0
		}
		_ = conn.SetReadDeadline(time.Now().Add(idle))
	}
	if s.drain.Load() {
		_ = conn.SetReadDeadline(time.Now().Add(short))
	}
	if _, err := in.Peek(1); err != nil {
		return "", err
	}
	if s.lineTimeout > 0 && s.flaw != "waits for lines for ever" {
		_ = conn.SetReadDeadline(time.Now().Add(s.lineTimeout))
	}
	if s.flaw == "takes a read for a line" {
		all, err := in.Peek(in.Buffered())
		line := string(all)
		_, _ = in.Discard(len(all))
		if before, _, ok := strings.Cut(line, "\n"); ok {
			line = before
		}
		return line + "\n", err
	}
	if s.flaw == "blocks all while a line is incomplete" {
		s.turn.Lock()
		defer s.turn.Unlock()
	}
	line, err := in.ReadString('\n')
	if err != nil && s.flaw == "waits behind a FIN in a line" && err == io.EOF && line != "" {
		<-s.spin
	}
	return line, err
}

func (s *lineServer) answer(line string) string {
	word, seeing := strings.CutPrefix(line, "seen ")
	if !seeing {
		return strings.ToUpper(line)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.seen[word] {
		s.seen[word] = true
		return "no\n"
	}
	return "yes\n"
}

// unbounded reads as fast as it can, whether the replies are taken or not.
func (s *lineServer) unbounded(conn net.Conn) {
	var mu sync.Mutex
	more := sync.NewCond(&mu)
	var pending []byte
	over := false
	s.serving.Go(func() {
		for {
			mu.Lock()
			for len(pending) == 0 && !over {
				more.Wait()
			}
			out := pending
			pending = nil
			mu.Unlock()
			if len(out) == 0 {
				return
			}
			if _, err := conn.Write(out); err != nil {
				return
			}
		}
	})
	in := bufio.NewReader(conn)
	for {
		line, err := in.ReadString('\n')
		mu.Lock()
		pending, over = append(pending, s.answer(line)...), err != nil
		more.Signal()
		mu.Unlock()
		if err != nil {
			return
		}
	}
}

func parseTalk(t *testing.T, text string) []exchanges.Exchange {
	all, err := exchanges.Parse("talk.txt", strings.NewReader(text))
	require.NoError(t, err)
	return all
}

var lines = "> \"hello\\n\"\n< \"HELLO\\n\"\n> \"" + strings.Repeat("long ", 200) + "\\n\"\n< \"" + strings.Repeat("LONG ", 200) + "\\n\"\n> \"\\n\"\n< \"\\n\"\n"

func transportIDs(t *testing.T, o conformance.Options) []string {
	return ids(conformance.SelectTransport(parseTalk(t, lines), o))
}

// A server of lines follows all rules.
func TestTransportOfAGoodServer(t *testing.T) {
	for name, talk := range map[string]string{
		"lines": lines,
		"login": "> \"login\\n\"\n< \"welcome\\n\"\nrepeat:\n" + lines,
	} {
		t.Run(name, func(t *testing.T) {
			s := &lineServer{login: name == "login"}
			report := conformance.Transport(t.Context(), s.start(t), parseTalk(t, talk), conformance.Options{Stop: s.stop, RuleTimeout: patience})
			for _, f := range append(report.Failed(), report.NotJudged()...) {
				t.Errorf("%s: %s", f.ID, f.Reason)
			}
			for _, r := range report.Results {
				t.Log(r.ID, r.Duration)
			}
			assert.ElementsMatch(t, []string{
				"over-limit", "turn-limit", "idle-timeout", "request-timeout", "write-timeout", "silent-client", "descriptors", "idle-cpu",
			}, ids(report.NotRun))
		})
	}
}

func TestTransportOfAServerWithLimits(t *testing.T) {
	s := &lineServer{idleTimeout: short, lineTimeout: short, writeTimeout: short, maxConns: few}
	o := conformance.Options{
		IdleTimeout: short, FrameTimeout: short, WriteTimeout: short, MaxConns: few,
		Only: []string{"idle-timeout", "request-timeout", "write-timeout", "silent-client", "over-limit"},
	}
	require.Len(t, transportIDs(t, o), 5)
	report := conformance.Transport(t.Context(), s.start(t), parseTalk(t, lines), o)
	assert.Empty(t, report.Failed())
	for _, r := range report.NotJudged() {
		t.Errorf("%s: %s", r.ID, r.Reason)
	}
	assert.Equal(t, 5, report.Passed())
}

func TestTransportOfAServerWithOneClientAtATime(t *testing.T) {
	s := &lineServer{flaw: "serves one client at a time"}
	report := conformance.Transport(t.Context(), s.start(t), parseTalk(t, lines), conformance.Options{
		OneAtATime: true, Stop: s.stop, Clients: 20, RuleTimeout: patience,
	})
	for _, f := range append(report.Failed(), report.NotJudged()...) {
		t.Errorf("%s: %s", f.ID, f.Reason)
	}
	s = &lineServer{flaw: "serves one client at a time", idleTimeout: short, turnLimit: short}
	report = conformance.Transport(t.Context(), s.start(t), parseTalk(t, lines), conformance.Options{
		OneAtATime: true, IdleTimeout: short, TurnLimit: short, Only: []string{"turn-limit", "silent-client"},
	})
	assert.Empty(t, report.Failed())
	assert.Equal(t, 2, report.Passed())
}

// Each rule about transport detects a server that breaks it. Rules that have nothing
// to do with the flaw pass.
func TestTransportOfBadServers(t *testing.T) {
	var mu sync.Mutex
	found := make(map[string]bool)
	t.Run("flaws", func(t *testing.T) {
		for flaw, test := range map[string]struct{ fails, passes []string }{
			"has seen nothing yet":                    {[]string{"repeat"}, []string{"repeat", "cut-anywhere", "pipeline", "half-close", "crowd"}}, // no flaw of the server, but of the exchanges
			"takes a read for a line":                 {[]string{"cut-anywhere", "byte-by-byte", "any-split", "pipeline"}, []string{"repeat"}},
			"loses the thousandth request":            {[]string{"pipeline", "half-close-many"}, []string{"repeat", "half-close", "storm", "stopped-in-request"}},
			"answers late requests first":             {[]string{"pipeline"}, []string{"repeat"}},
			"does nothing for clients that have left": {[]string{"half-close"}, []string{"repeat", "crowd", "rst-in-request"}},
			"drops many pending replies at a FIN":     {[]string{"half-close-many"}, []string{"half-close", "fin-in-request", "storm"}},
			"serves one client at a time":             {[]string{"slow-reader", "stopped-in-request", "never-pauses", "crowd", "idle-client"}, []string{"repeat", "pipeline", "half-close", "half-close-many"}},
			"blocks all while a line is incomplete":   {[]string{"stopped-in-request"}, []string{"repeat", "crowd", "pipeline"}}, // a slow reader, too, may stop inside a request
			"buffers replies without bound":           {[]string{"unread-replies", "half-close-unread"}, []string{"repeat", "slow-reader", "pipeline"}},
			"is deaf to clients that were silent":     {[]string{"idle-client"}, nil},
			"drops clients in a crowd":                {[]string{"crowd", "storm"}, []string{"repeat", "pipeline", "half-close"}},
			"mixes up replies":                        {[]string{"no-crossed-replies"}, nil},
			"waits behind a FIN in a line":            {[]string{"fin-in-request"}, []string{"half-close", "half-close-many", "rst-in-request"}},
			"dies of a reset":                         {[]string{"rst-in-request"}, []string{"pipeline"}},
			"dies of a reset, once more":              {[]string{"rst-in-reply"}, []string{"pipeline"}},
			"dies of a reset, a third time":           {[]string{"come-and-go"}, []string{"pipeline"}},
			"ends at once":                            {[]string{"stop"}, []string{"repeat"}},
			"does not end":                            {[]string{"stop"}, []string{"repeat"}},
			"keeps refused clients":                   {[]string{"over-limit"}, nil},
			"closes idle clients at once":             {[]string{"idle-timeout"}, nil},
			"waits for lines for ever":                {[]string{"request-timeout"}, []string{"repeat"}},
			"waits for readers for ever":              {[]string{"write-timeout"}, []string{"repeat"}},
			"never gives way":                         {[]string{"turn-limit", "silent-client"}, []string{"repeat"}},
		} {
			t.Run(flaw, func(t *testing.T) {
				t.Parallel()
				o := conformance.Options{RuleTimeout: 5 * short, Clients: 50}
				name, _, _ := strings.Cut(flaw, ", ")
				s := &lineServer{flaw: name}
				talk := lines
				switch flaw {
				case "has seen nothing yet":
					talk = "> \"seen a\\n\"\n< \"yes\\n\"\n" + lines
				case "closes idle clients at once":
					s.idleTimeout, o.IdleTimeout = patience, patience // no test waits for it
				case "waits for lines for ever":
					s.lineTimeout, o.FrameTimeout = short, short
				case "waits for readers for ever":
					s.writeTimeout, o.WriteTimeout = short, short
				case "keeps refused clients":
					s.maxConns, o.MaxConns = few, few
				case "never gives way":
					s.flaw = "serves one client at a time"
					o.IdleTimeout, o.OneAtATime, o.TurnLimit = short, true, short
				}
				o.Stop = s.stop
				addr := s.start(t)
				check := func(rule string, patience time.Duration) conformance.Result {
					o := o
					o.Only, o.RuleTimeout = []string{rule}, patience
					// The check assumes an idle machine, because on a busy one it would not
					// judge a hanging server.
					report := conformance.Transport(context.Background(), addr, parseTalk(t, talk), conformance.StoodStill(o, 0))
					require.Equal(t, 1, report.Total(), "%s should be run", rule)
					return report.Results[0]
				}
				for _, rule := range test.fails {
					if r := check(rule, o.RuleTimeout); assert.True(t, r.Failed(), "%s should fail", rule) {
						t.Log(r.ID+":", r.Reason)
						mu.Lock()
						found[rule] = true
						mu.Unlock()
					}
					if rule == "rst-in-request" || rule == "rst-in-reply" || rule == "come-and-go" || rule == "stop" {
						return // the server has ended
					}
				}
				if flaw == "drops clients in a crowd" { // this server counts the last rule's clients until it sees their ends
					require.Eventually(t, func() bool { return s.active.Load() == 0 }, patience, time.Millisecond)
				}
				for _, rule := range test.passes {
					r := check(rule, patience)
					assert.True(t, r.Passed(), "%s should pass: %s", rule, r.Reason)
				}
			})
		}
	})
	for _, rule := range conformance.TransportRules() {
		if rule.ID != "descriptors" && rule.ID != "idle-cpu" { // see TestTransportOfAProcess
			assert.True(t, found[rule.ID], "no server here breaks the rule %s", rule.ID)
		}
	}
}

// The process of the server is this one, so no other test may run meanwhile.
func TestTransportOfAProcess(t *testing.T) {
	for flaw, test := range map[string]struct{ fails, passes []string }{
		"":                            {nil, []string{"descriptors", "idle-cpu"}},
		"keeps descriptors of resets": {[]string{"descriptors"}, nil},
		"spins":                       {[]string{"idle-cpu"}, nil},
	} {
		t.Run(flaw, func(t *testing.T) {
			s := &lineServer{flaw: flaw}
			addr := s.start(t)
			o := conformance.Options{Process: os.Getpid(), Clients: 100}
			if len(conformance.SelectTransport(parseTalk(t, lines), conformance.Options{Process: os.Getpid(), Only: []string{"descriptors", "idle-cpu"}})) < 2 {
				t.Skip("this system does not tell about processes")
			}
			for _, rule := range append(test.fails, test.passes...) {
				o := o
				o.Only, o.RuleTimeout = []string{rule}, patience
				if len(test.fails) > 0 {
					o.RuleTimeout = time.Second
				}
				report := conformance.Transport(t.Context(), addr, parseTalk(t, lines), conformance.StoodStill(o, 0))
				require.Equal(t, 1, report.Total())
				r := report.Results[0]
				assert.Equal(t, len(test.fails) == 0, r.Passed(), fmt.Sprint(rule, ": ", r.Reason))
				t.Log(r.ID+":", r.Reason)
			}
		})
	}
}
