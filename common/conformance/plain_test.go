package conformance_test

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	kvpb "github.com/ioflavors/ioflavors/common/proto/ioflavors/kv/v1"
)

const maxFrame = 1 << 20

// plainServer is a server written only from the protocol's description: it
// shares no code with the real ones. It can have a flaw, which a rule should
// detect.
type plainServer struct {
	flaw                                    string
	idleTimeout, frameTimeout, writeTimeout time.Duration
	turnLimit                               time.Duration
	maxConns                                int

	ln     net.Listener
	mu     sync.Mutex
	values map[string]string
	active atomic.Int32 // connections

	// These are for some of the flaws.
	turn     sync.Mutex
	spoken   chan struct{}
	claimed  atomic.Int64
	answered int
	last     []byte
	kept     string
	cache    map[string]string
}

// start returns the address of the server, which ends with the test.
func (s *plainServer) start(t *testing.T) string {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.ln, s.values, s.cache = ln, make(map[string]string), make(map[string]string)
	for _, limit := range []*time.Duration{&s.idleTimeout, &s.frameTimeout, &s.writeTimeout} {
		*limit = cmp.Or(*limit, patience)
	}
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			serving.Go(func() { s.serve(conn.(*net.TCPConn)) })
		}
	})
	t.Cleanup(func() {
		ln.Close()
		serving.Wait()
	})
	return ln.Addr().String()
}

// badFrame is an error that ends a connection, after a reply.
type badFrame struct{ reason string }

func (e badFrame) Error() string { return e.reason }

func (s *plainServer) serve(conn *net.TCPConn) {
	defer conn.Close()
	active := s.active.Add(1)
	defer s.active.Add(-1)
	in := bufio.NewReader(conn)
	switch {
	case s.flaw == "serves one client at a time":
		s.turn.Lock()
		defer s.turn.Unlock()
	case s.flaw == "drops clients in a crowd" && active > 8:
		return
	case s.maxConns > 0 && int(active) > s.maxConns && s.flaw != "refuses no client":
		s.refuse(conn, in, badFrame{"too many clients"})
		return
	}
	begin := time.Now()
	for {
		request, err := s.read(conn, in)
		var bad badFrame
		if errors.As(err, &bad) {
			s.refuse(conn, in, bad)
			return
		}
		if s.flaw == "dies of a reset" && errors.Is(err, syscall.ECONNRESET) {
			s.ln.Close()
		}
		if err != nil {
			return
		}
		if s.flaw == "does nothing for clients that have left" {
			_ = conn.SetReadDeadline(time.Now().Add(time.Millisecond))
			if _, err := in.Peek(1); err == io.EOF {
				return
			}
		}
		if s.flaw == "is mute" {
			<-s.spoken
		}
		reply, keep := s.answer(request)
		if s.flaw == "answers late requests first" && in.Buffered() > 0 {
			if next, err := s.read(conn, in); err == nil {
				second, _ := s.answer(next)
				reply = append(second, reply...)
			}
		}
		if s.flaw == "mixes up replies" {
			s.mu.Lock()
			if s.answered++; s.answered%10 == 0 {
				reply = s.last
			}
			s.last = reply
			s.mu.Unlock()
		}
		if s.flaw == "writes half of a large reply" && len(reply) > 100_000 {
			reply = reply[:len(reply)/2]
		}
		if s.flaw != "waits for readers for ever" {
			_ = conn.SetWriteDeadline(time.Now().Add(s.writeTimeout))
		}
		if _, err := conn.Write(reply); err != nil || !keep || s.flaw == "leaves after a reply" {
			return
		}
		if s.turnLimit > 0 && s.active.Load() > 1 && time.Since(begin) > s.turnLimit {
			return
		}
		if s.flaw == "drops pending replies at a FIN" {
			if _, err := in.Peek(1); err == io.EOF {
				_ = conn.SetLinger(0)
				return
			}
		}
	}
}

// read returns the body of the next frame.
func (s *plainServer) read(conn *net.TCPConn, in *bufio.Reader) ([]byte, error) {
	idle := s.idleTimeout
	if s.flaw == "closes idle clients at once" {
		idle = 0
	}
	_ = conn.SetReadDeadline(time.Now().Add(idle))
	if _, err := in.Peek(1); err != nil {
		return nil, err
	}
	_ = conn.SetReadDeadline(time.Now().Add(s.frameTimeout))
	var from io.Reader = in
	if s.flaw == "gives each byte of a frame more time" {
		from = patientReader{conn, in, patience}
	}
	if s.flaw == "takes a read for a frame" {
		buf := make([]byte, 2*maxFrame)
		n, err := in.Read(buf)
		if err != nil || n < 9 {
			return nil, io.ErrUnexpectedEOF
		}
		return buf[4 : n-5], nil
	}
	if s.flaw == "searches for the footer" {
		return s.search(in)
	}
	var header [4]byte
	if _, err := io.ReadFull(from, header[:]); err != nil {
		return nil, err
	}
	length := binary.LittleEndian.Uint32(header[:])
	if s.flaw == "reads lengths as big endian" {
		length = binary.BigEndian.Uint32(header[:])
	}
	limit := uint32(maxFrame)
	if s.flaw == "refuses the largest frame" {
		limit--
	}
	if s.flaw == "takes one byte too many" {
		limit++
	}
	if length < 5 && s.flaw != "crashes at short lengths" {
		return nil, badFrame{"too short"}
	}
	if length > limit && s.flaw != "waits for the announced bytes" {
		return nil, badFrame{"too long"}
	}
	if length < 5 || length > maxFrame+1 {
		_, err := io.Copy(io.Discard, from)
		return nil, errors.Join(err, io.ErrUnexpectedEOF)
	}
	if s.flaw == "allocates the announced length" {
		defer s.claimed.Add(-int64(length))
		if s.claimed.Add(int64(length)) > 32<<20 {
			s.ln.Close() // as if it had run out of memory
		}
	}
	data := make([]byte, length)
	if _, err := io.ReadFull(from, data); err != nil {
		if s.flaw == "carries out half a frame" {
			return data[:length-5], nil
		}
		return nil, err
	}
	body, footer := data[:length-5], data[length-5:]
	if string(footer) != "@EOF@" && s.flaw != "does not look at the footer" {
		return nil, badFrame{"wrong footer"}
	}
	return body, nil
}

func (s *plainServer) search(in *bufio.Reader) ([]byte, error) {
	var data []byte
	for {
		b, err := in.ReadByte()
		if err != nil {
			return nil, err
		}
		data = append(data, b)
		if bytes.HasSuffix(data, []byte("@EOF@")) && len(data) >= 9 {
			return data[4 : len(data)-5], nil
		}
		if len(data) > 2*maxFrame {
			return nil, badFrame{"too long"}
		}
	}
}

// patientReader restarts the deadline with each byte.
type patientReader struct {
	conn     *net.TCPConn
	in       io.Reader
	patience time.Duration
}

func (r patientReader) Read(p []byte) (int, error) {
	_ = r.conn.SetReadDeadline(time.Now().Add(r.patience))
	return r.in.Read(p)
}

func (s *plainServer) answer(request []byte) (reply []byte, keep bool) {
	var m kvpb.KeyValueMessage
	if err := proto.Unmarshal(request, &m); err != nil {
		if s.flaw == "says nothing about a bad message" {
			return nil, true
		}
		if s.flaw == "takes any bytes for text" && bytes.Contains([]byte(err.Error()), []byte("UTF-8")) {
			return encode(&kvpb.KeyValueMessage{Kind: 3}), true
		}
		return s.notOk(0, "bad message"), s.flaw != "closes after a bad message"
	}
	switch {
	case s.flaw == "knows all fields" && len(m.ProtoReflect().GetUnknown()) > 0:
		return s.notOk(0, "unknown field"), true
	case s.flaw == "wants the key first" && len(request) > 0 && request[0] != 0x0a,
		s.flaw == "wants fields once" && bytes.Count(request, []byte{0x0a}) > 1,
		s.flaw == "has no empty key" && m.Key == "":
		return s.notOk(m.Kind, "strange message"), true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch m.Kind {
	case 1:
		value, found := s.values[m.Key]
		if s.flaw == "answers from a cache" {
			if cached, ok := s.cache[m.Key]; ok {
				value = cached
			} else if found {
				s.cache[m.Key] = value
			}
		}
		reply := &kvpb.KeyValueMessage{Key: m.Key, Value: value, Kind: 2}
		if !found {
			reply.Status = kvpb.Status_NotOk
		}
		switch s.flaw {
		case "leaves the key out of its replies":
			reply.Key = ""
		case "answers a get with its own kind":
			reply.Kind = 1
		case "finds everything":
			reply.Status = kvpb.Status_Ok
		case "does not tell an empty value from none":
			if value == "" {
				reply.Status = kvpb.Status_NotOk
			}
		}
		return encode(reply), true
	case 3:
		if _, found := s.values[m.Key]; !found || s.flaw != "keeps the first value" {
			s.values[m.Key] = m.Value
		}
		if s.flaw == "keeps a value where the next one is read" {
			if s.kept != "" {
				s.values[s.kept] = m.Value
			}
			s.kept = m.Key
		}
		reply := &kvpb.KeyValueMessage{Kind: 3}
		if s.flaw == "echoes the value that was put" {
			reply.Key = m.Key
		}
		return encode(reply), true
	default:
		return s.notOk(m.Kind, "unknown kind"), true
	}
}

func (s *plainServer) notOk(kind uint32, reason string) []byte {
	m := &kvpb.KeyValueMessage{Kind: kind, Value: reason, Status: kvpb.Status_NotOk}
	switch s.flaw {
	case "gives no reasons":
		m.Value = ""
	case "gives reasons as keys":
		m.Key, m.Value = m.Value, ""
	case "calls errors Ok":
		m.Status = kvpb.Status_Ok
	case "forgets the kind":
		m.Kind = 0
	}
	return encode(m)
}

// refuse replies with the reason, ends the stream, and discards the input in
// flight.
func (s *plainServer) refuse(conn *net.TCPConn, in *bufio.Reader, bad badFrame) {
	if s.flaw == "closes without a word" {
		return
	}
	_, _ = conn.Write(s.notOk(0, bad.reason))
	if s.flaw == "closes with input unread" {
		return
	}
	if s.flaw == "goes on behind a bad frame" {
		for {
			request, err := s.read(conn, in)
			if err != nil {
				return
			}
			s.answer(request)
		}
	}
	if s.flaw != "does not close after an error" {
		_ = conn.CloseWrite()
	}
	_ = conn.SetReadDeadline(time.Now().Add(500 * time.Millisecond))
	_, _ = io.Copy(io.Discard, in)
}

func encode(m *kvpb.KeyValueMessage) []byte {
	body, err := proto.Marshal(m)
	if err != nil {
		panic(err)
	}
	out := binary.LittleEndian.AppendUint32(nil, uint32(len(body)+5))
	return append(append(out, body...), "@EOF@"...)
}
