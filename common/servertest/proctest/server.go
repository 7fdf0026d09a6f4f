package proctest

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/common/conformance/probe"
	"github.com/ioflavors/ioflavors/common/server"
	"github.com/ioflavors/ioflavors/common/servertest/dialogue"
	"github.com/ioflavors/ioflavors/common/servertest/protocols"
)

// testServer is the command under test, after it has begun to listen.
type testServer struct {
	*process
	ctx   context.Context // a test's connections fail when ctx is done
	proto dialogue.Protocol
	addr  string
	debug string // the debug server's URL
	http  *http.Client
}

// start starts the target with further arguments.
func start(t *testing.T, target server.Variant, args ...string) *testServer {
	t.Helper()
	return startIn(t, target, surroundings{}, args...)
}

// startWith starts the target with a protocol.
func startWith(t *testing.T, target server.Variant, p dialogue.Protocol, args ...string) *testServer {
	t.Helper()
	if p.Name != protocols.KeyValue.Name { // the default
		args = append([]string{"--protocol", p.Name}, args...)
	}
	srv := start(t, target, args...)
	srv.proto = p
	return srv
}

// surroundings are the conditions under which a server starts: its descriptors,
// its environment, and the destination of its log. The zero value is the usual.
type surroundings struct {
	descriptors
	variables []string // further environment variables, as "NAME=value"
	log       *logPipe
}

// startIn starts the target in unusual surroundings.
func startIn(t *testing.T, target server.Variant, in surroundings, args ...string) *testServer {
	t.Helper()
	usual := []string{"--addr", "127.0.0.1:0", "--debug-addr", "127.0.0.1:0", "--log-format", "json"}
	ctx, cancel := context.WithTimeout(context.Background(), whole)
	t.Cleanup(cancel)
	srv := &testServer{
		process: spawnTo(t, in.log, serverRole, append(in.environment(), in.variables...), slices.Concat(target.Args, usual, args)...),
		ctx:     ctx,
		proto:   protocols.KeyValue,
		http:    &http.Client{Transport: new(http.Transport), Timeout: patience},
	}
	t.Cleanup(srv.http.CloseIdleConnections)
	srv.addr = srv.wantLog("listening")["addr"].(string)
	srv.debug = srv.wantLog("debug server")["url"].(string)
	srv.stats() // the connection stays open, so that counters are available later
	return srv
}

// unhurried are flags for limits that no test reaches.
func unhurried(target server.Variant) []string {
	flags := []string{"--idle-timeout", "-1", "--frame-timeout", "-1", "--write-timeout", "-1"}
	if target.Clients > 0 { // the model has turns
		flags = append(flags, "--turn-limit", "-1")
	}
	return flags
}

// stats returns the counters, which must add up at any time.
func (s *testServer) stats() (st server.Stats) {
	s.t.Helper()
	resp, err := s.http.Get(s.debug + "stats")
	require.NoError(s.t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	require.NoError(s.t, err)
	require.NoError(s.t, json.Unmarshal(body, &st))
	var closed int64
	for _, n := range st.Closed {
		closed += n
	}
	require.Equal(s.t, st.Accepted, st.Active+closed, "accepted = active + closed by reason: %+v", st)
	return st
}

// counted waits until ok accepts the counters, and returns them.
func (s *testServer) counted(what string, ok func(server.Stats) bool) (st server.Stats) {
	s.t.Helper()
	defer func() {
		if s.t.Failed() {
			s.t.Logf("counters: %+v", st)
		}
	}()
	s.eventually(what, func() bool {
		st = s.stats()
		return ok(st)
	})
	return st
}

// wantClosed waits until n connections have been closed for the reason.
func (s *testServer) wantClosed(reason server.Reason, n int64) {
	s.t.Helper()
	st := s.counted("connections are closed for the reason "+reason.String(), func(st server.Stats) bool {
		return st.Closed[reason.String()] >= n
	})
	require.Equal(s.t, n, st.Closed[reason.String()], "connections closed for the reason %v", reason)
}

// dial returns a connection that is closed when the test ends.
func (s *testServer) dial() *probe.Conn {
	s.t.Helper()
	return probe.Dial(s.ctx, s.t, s.addr)
}

// visit is a client that connects, is served and leaves.
func (s *testServer) visit(key string) {
	s.t.Helper()
	c := s.dial()
	s.talk(c, key)
	c.Close()
}

// put stores a value.
func (s *testServer) put(key, value string) {
	s.t.Helper()
	c := s.dial()
	c.Send(probe.Put(key, value))
	c.Want(probe.Stored)
	c.Close()
	s.settle()
}

// settle waits until every connection is closed, after all clients have
// left.
func (s *testServer) settle() {
	s.t.Helper()
	s.counted("no connection is active", func(st server.Stats) bool { return st.Active == 0 })
}

// talk expects a client's requests in the server's protocol to be answered.
func (s *testServer) talk(c *probe.Conn, key string) {
	talk := s.proto.Open()
	put, get := talk.Put(key, "value-of-"+key), talk.Get(key, "value-of-"+key)
	c.Send(put.Request, get.Request)
	c.WantBytes(put.Reply)
	c.WantBytes(get.Reply)
}

// talk is testServer.talk for the key/value protocol.
func talk(c *probe.Conn, key string) {
	c.Send(probe.Put(key, "value of "+key), probe.Get(key))
	c.Want(probe.Stored)
	c.Want(probe.Found(key, "value of "+key))
}

// wantDescriptors waits until the server has at most that many descriptors.
func (s *testServer) wantDescriptors(most int) {
	s.t.Helper()
	s.eventually("no descriptor is left over", func() bool { return s.usage().descriptors <= most })
}

// wantRest publishes the server's share of a processor while nothing
// happens. A server that can sleep must sleep.
func (s *testServer) wantRest(target server.Variant) {
	s.t.Helper()
	before, begun := s.usage().cpu, time.Now()
	time.Sleep(brief(time.Second, 200*time.Millisecond))
	share := float64(s.usage().cpu-before) / float64(time.Since(begun))
	figure(s.t, "idle-cpu-percent", "%.2f", 100*share)
	most := 0.2 // far more than it needs, and less than a spinning loop gets on a busy machine
	if target.Spins {
		most = 1.5 // it has one such loop
	}
	assert.Less(s.t, share, most, "share of a processor, with nothing to do")
}
