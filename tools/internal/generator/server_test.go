package generator_test

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/common/frame"
	"github.com/ioflavors/ioflavors/common/kv"
	"github.com/ioflavors/ioflavors/common/store"
)

// server is a small correct server, with a goroutine per connection. behave,
// if set, replaces the work of that goroutine.
type server struct {
	addr     string
	handler  *kv.Handler
	answered atomic.Int64 // frames
	behave   func(s *server, c net.Conn)
	serial   bool // serves one client at a time
}

// start makes s serve until the test is over.
func (s *server) start(t *testing.T) *server {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	return s.startOn(t, ln)
}

func (s *server) startOn(t *testing.T, ln net.Listener) *server {
	s.addr = ln.Addr().String()
	s.handler = kv.NewHandler(store.NewSharded(0))
	if s.behave == nil {
		s.behave = (*server).serve
	}

	var mu sync.Mutex
	conns := map[net.Conn]bool{}
	var running sync.WaitGroup
	running.Go(func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			conns[c] = true
			mu.Unlock()
			serve := func() {
				defer c.Close()
				s.behave(s, c)
			}
			if s.serial {
				serve()
			} else {
				running.Go(serve)
			}
		}
	})
	t.Cleanup(func() {
		ln.Close()
		mu.Lock()
		for c := range conns {
			c.Close()
		}
		mu.Unlock()
		running.Wait()
	})
	return s
}

// serve answers rightly.
func (s *server) serve(c net.Conn) {
	in := bufio.NewReader(c)
	for {
		body, err := readFrame(in)
		if err != nil {
			return
		}
		if _, err := c.Write(s.reply(body)); err != nil {
			return
		}
	}
}

// reply returns the right reply, as a frame.
func (s *server) reply(body []byte) []byte {
	s.answered.Add(1)
	out, mark := frame.Begin(nil)
	return frame.End(s.handler.AppendReply(out, body), mark)
}

func readFrame(r io.Reader) (body []byte, err error) {
	var header [frame.Header]byte
	if _, err := io.ReadFull(r, header[:]); err != nil {
		return nil, err
	}
	rest := make([]byte, binary.LittleEndian.Uint32(header[:]))
	if _, err := io.ReadFull(r, rest); err != nil {
		return nil, err
	}
	return rest[:len(rest)-len(frame.Footer)], nil
}

// isGet reports whether a request is a get.
func isGet(body []byte) bool {
	m, err := kv.Parse(body)
	return err == nil && m.Kind == kv.Get
}

// serveProcess prints its address, and serves until it is killed.
func serveProcess() {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Println(ln.Addr())
	s := &server{handler: kv.NewHandler(store.NewSharded(0))}
	for {
		c, err := ln.Accept()
		if err != nil {
			panic(err)
		}
		go s.serve(c)
	}
}
