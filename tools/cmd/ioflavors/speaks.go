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

// speakTime is how long a server may take to show its protocol.
const speakTime = time.Second

// mistaken extends the error of a client without a right reply: it says that the
// server speaks another protocol, if it does. Nothing is known of the protocol of a
// file of exchanges.
func mistaken(ctx context.Context, addr string, meant load.Protocol, err error) error {
	if meant == load.FromFile {
		return err
	}
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

// answers are the beginnings or ends of servers' answers to a line that is a
// command of Redis, and invalid for all others.
var answers = []struct {
	begin, end string
	what       string
	protocol   load.Protocol // empty: the load generator does not speak it
}{
	{"+PONG", "", "Redis's protocol", load.RESP},
	{"-NOAUTH", "", "Redis's protocol, and wants a password", load.RESP},
	{"-", "\r\n", "Redis's protocol", load.RESP},
	{"ERROR\r\n", "", "memcached's protocol", load.Memcached},
	{"HTTP/", "", "HTTP", ""},
	{"<", "", "HTTP", ""}, // HTTP 0.9, for a line without a version: only the page
	{"SSH-", "", "SSH", ""},
	{"\x15\x03", "", "TLS", ""}, // an alert
	{"", "@EOF@", "this project's protocol", load.KV},
}

// speaks returns in words which protocol the server at an address speaks, and
// the load generator's name of that protocol, if any; "" if the server does not
// show it.
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
	// Some TLS servers do not answer a client without TLS.
	secure := tls.Dialer{NetDialer: &dialer, Config: &tls.Config{InsecureSkipVerify: true}} // the connection only shows whether the server speaks TLS
	if conn, err := secure.DialContext(ctx, "tcp", addr); err == nil {
		conn.Close()
		return "TLS", ""
	}
	return "", ""
}
