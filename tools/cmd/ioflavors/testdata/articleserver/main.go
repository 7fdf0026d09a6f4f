//go:build unix

// Command articleserver is a key/value server like that of a short tutorial:
// it answers a put and a get, and fails at nearly everything else. It exists
// to be checked; each of its faults is marked.
//
// It cannot harm the machine that tests it: it ends by itself after some
// time, and at once where it would use much memory.
package main

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"flag"
	"log"
	"net"
	"os"
	"sync"
	"syscall"
	"time"

	"google.golang.org/protobuf/proto"

	kvpb "github.com/ioflavors/ioflavors/common/proto/ioflavors/kv/v1"
)

const (
	lifetime = 5 * time.Minute
	memory   = 64 << 20 // bytes for one frame
)

var values sync.Map

func main() {
	// FAULT: without the flag it listens to the whole network, whatever address
	// is given.
	host := flag.String("host", "0.0.0.0", "`address` to listen on")
	flag.Parse()
	_, port, err := net.SplitHostPort(flag.Arg(0))
	if err != nil {
		log.Fatal(err)
	}
	ln, err := net.Listen("tcp", net.JoinHostPort(*host, port))
	if err != nil {
		log.Fatal(err)
	}
	time.AfterFunc(lifetime, func() { os.Exit(0) })
	for {
		conn, err := ln.Accept()
		if err != nil {
			log.Fatal(err) // FAULT: a client that has left already ends the server
		}
		go serve(conn.(*net.TCPConn))
	}
}

// FAULT: no timeouts. A client may stay for ever, silent or half way through a
// frame.
func serve(conn *net.TCPConn) {
	in := bufio.NewReader(conn)
	header := make([]byte, 4)
	for {
		// FAULT: one read, although four bytes are needed.
		if _, err := in.Read(header); err != nil {
			// FAULT: it retries, even if the client has left. The connection is never
			// closed. (A real server of this kind would not even pause.)
			time.Sleep(10 * time.Millisecond)
			continue
		}
		// FAULT: it allocates the announced length.
		data := allocate(binary.LittleEndian.Uint32(header))
		// FAULT: again one read, however many bytes it returns.
		n, _ := in.Read(data)
		// FAULT: the frame ends at the first footer, not at its announced length.
		end := bytes.Index(data[:n], []byte("@EOF@"))
		if end < 0 {
			continue // FAULT: neither an answer nor a close
		}
		var request kvpb.KeyValueMessage
		if err := proto.Unmarshal(data[:end], &request); err != nil {
			panic(err) // FAULT: one client's invalid message ends the server for all
		}
		if reply := answer(&request); reply != nil {
			send(conn, reply)
		}
	}
}

func answer(request *kvpb.KeyValueMessage) *kvpb.KeyValueMessage {
	switch request.Kind {
	case 1:
		reply := &kvpb.KeyValueMessage{Key: request.Key, Kind: 2}
		if value, ok := values.Load(request.Key); ok {
			reply.Value = value.(string)
		} else {
			reply.Status = kvpb.Status_NotOk
		}
		return reply
	case 3:
		values.Store(request.Key, request.Value)
		return &kvpb.KeyValueMessage{Kind: 3}
	default:
		return nil // FAULT: no answer to an unknown kind
	}
}

// send writes once.
//
// FAULT: it drops the bytes that the socket does not take, and ignores
// errors.
func send(conn *net.TCPConn, m *kvpb.KeyValueMessage) {
	body, _ := proto.Marshal(m)
	frame := binary.LittleEndian.AppendUint32(nil, uint32(len(body)+5))
	frame = append(append(frame, body...), "@EOF@"...)
	raw, _ := conn.SyscallConn()
	_ = raw.Write(func(fd uintptr) (done bool) {
		_, _ = syscall.Write(int(fd), frame)
		return true
	})
}

// allocate stands for make, and for the end of a process that allocates too
// much.
func allocate(size uint32) []byte {
	if size > memory {
		log.Fatalf("out of memory: a frame of %d bytes", size)
	}
	return make([]byte, size)
}
