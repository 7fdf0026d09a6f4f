package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"time"

	"github.com/ioflavors/ioflavors/tools/internal/load"
)

// speakTime is how long a server may take to show which protocol it speaks.
const speakTime = time.Second

// mistaken adds to the error of a client that got no right reply that the server
// speaks another protocol, if it does.
func mistaken(ctx context.Context, addr string, meant load.Protocol, err error) error {
	what, protocol := speaks(ctx, addr)
	switch {
	case what == "" || protocol == meant:
		return err
	case protocol == "":
		return fmt.Errorf("%w; the server at %s speaks %s", err, addr, what)
	default:
		return fmt.Errorf("%w; the server at %s speaks %s (load --protocol %s)", err, addr, what, protocol)
	}
}

// answers are how servers begin or end their answer to a line that is a command
// of Redis, and to all others a mistake.
var answers = []struct {
	begin, end string
	what       string
	protocol   load.Protocol // empty: none of the load generator's
}{
	{"+PONG", "", "Redis's protocol", load.RESP},
	{"-NOAUTH", "", "Redis's protocol, and wants a password", load.RESP},
	{"-", "\r\n", "Redis's protocol", load.RESP},
	{"ERROR\r\n", "", "memcached's protocol", load.Memcached},
	{"HTTP/", "", "HTTP", ""},
	{"<", "", "HTTP", ""}, // its version 0.9, for a line without one: the page alone
	{"SSH-", "", "SSH", ""},
	{"\x15\x03", "", "TLS", ""}, // an alert
	{"", "@EOF@", "this project's protocol", load.KV},
}

// speaks returns what the server at an address speaks, and which protocol of the
// load generator's that is, if any; "" if it does not show.
func speaks(ctx context.Context, addr string) (what string, protocol load.Protocol) {
	ctx, cancel := context.WithTimeout(ctx, 2*speakTime)
	defer cancel()
	dialer := net.Dialer{Timeout: speakTime}
	conn, err := dialer.DialContext(ctx, "tcp", addr)
	if err != nil {
		return "", ""
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(speakTime))
	_, _ = conn.Write([]byte("PING\r\n\r\n"))
	answer := make([]byte, 0, 512)
	for len(answer) < cap(answer) {
		n, err := conn.Read(answer[len(answer):cap(answer)])
		answer = answer[:len(answer)+n]
		for _, a := range answers {
			if len(answer) > 0 && bytes.HasPrefix(answer, []byte(a.begin)) && bytes.HasSuffix(answer, []byte(a.end)) {
				return a.what, a.protocol
			}
		}
		if err != nil {
			break
		}
	}
	// Some servers of TLS say nothing to a client that does not.
	secure := tls.Dialer{NetDialer: &dialer, Config: &tls.Config{InsecureSkipVerify: true}} // it is only asked whether it is one
	if conn, err := secure.DialContext(ctx, "tcp", addr); err == nil {
		conn.Close()
		return "TLS", ""
	}
	return "", ""
}
