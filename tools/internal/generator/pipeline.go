package generator

import (
	"time"

	"github.com/ioflavors/ioflavors/tools/internal/generator/dataset"
	"github.com/ioflavors/ioflavors/tools/internal/generator/wire"
)

// request is a request that was made and is not answered yet.
type request struct {
	due  time.Duration // when it should have been sent, by the generator's clock
	sent time.Duration // when it was sent
	dataset.Request
}

// pipeline is the requests in flight of one connection, without the I/O: the generator
// moves the bytes. Replies belong to requests only by their order.
type pipeline struct {
	codec wire.Codec

	waiting queue         // of an open loop: when the unsent requests were due
	roomAt  time.Duration // when the connection got room for one more request

	inFlight []request // a ring of the requests in flight
	oldest   int       // index of the oldest one
	count    int

	in  []byte // the beginning of an incomplete reply
	out []byte // requests that the socket had no room for

	next     int   // the connection's place in the exchanges of a file
	setup    int64 // the first requests, which set up the connection
	answered int64 // replies, right or wrong
	counted  int64 // right replies counted in the measured window
}

func newPipeline(codec wire.Codec, depth int) pipeline {
	return pipeline{codec: codec, inFlight: make([]request, depth), setup: int64(codec.Setup())}
}

// room returns how many more requests may be in flight.
func (p *pipeline) room() int {
	if p.settingUp() {
		return 1 - p.count
	}
	return len(p.inFlight) - p.count
}

// settingUp reports whether requests that set up the connection are not all answered.
func (p *pipeline) settingUp() bool { return p.answered < p.setup }

// appendRequest takes a request, for which there must be room, and appends its
// bytes to dst.
func (p *pipeline) appendRequest(dst []byte, r request) []byte {
	at := p.oldest + p.count
	if at >= len(p.inFlight) {
		at -= len(p.inFlight)
	}
	p.inFlight[at] = r
	p.count++
	return p.codec.AppendRequest(dst, r.Request)
}

// readBuffer returns the buffer to read into: the rest of the connection's own
// buffer after an incomplete reply, or else the buffer that all connections
// share. Only a connection with an incomplete reply has a buffer of its own.
func (p *pipeline) readBuffer(shared []byte) []byte {
	if len(p.in) == 0 {
		return shared
	}
	return p.in[len(p.in):cap(p.in)]
}

// oldestSent returns when the oldest request in flight was made.
func (p *pipeline) oldestSent() time.Duration { return p.inFlight[p.oldest].sent }
