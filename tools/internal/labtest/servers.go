// Package labtest has servers, a terminal, results and response times for the tests of the
// lab's packages.
package labtest

import (
	"bufio"
	"context"
	"encoding/binary"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ioflavors/ioflavors/common/exchanges"
	"github.com/ioflavors/ioflavors/common/frame"
	"github.com/ioflavors/ioflavors/common/kv"
	"github.com/ioflavors/ioflavors/common/kvcmd"
	"github.com/ioflavors/ioflavors/common/server"
	"github.com/ioflavors/ioflavors/common/servercmd"
	"github.com/ioflavors/ioflavors/common/store"
	"github.com/ioflavors/ioflavors/tools/internal/generator/nullserver"
	"github.com/ioflavors/ioflavors/tools/internal/load"
	"github.com/ioflavors/ioflavors/tools/internal/models"
	"github.com/ioflavors/ioflavors/tools/internal/results"
	"github.com/ioflavors/ioflavors/tools/internal/slow"
)

// Main is for TestMain. The test binary is its own server: "test-server MODE [ADDR]",
// where MODE is a model's name, or a mode of testServer or of more.
func Main(m *testing.M, more map[string]func()) {
	if len(os.Args) > 2 && os.Args[1] == "test-server" {
		if serve := more[os.Args[2]]; serve != nil {
			serve()
		} else {
			testServer(os.Args[2], os.Args[3:])
		}
		return
	}
	os.Exit(m.Run())
}

// Target is the test binary as a server, which behaves as mode says.
func Target(t *testing.T, mode string) results.Target {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	s := results.Target{Name: mode, Command: []string{program, "test-server", mode}}
	switch mode {
	case "serial":
		s.OneAtATime = true
	case "resp":
		s.Protocol = load.RESP
	case "foreign", "foreign-unavailable", "lines", "lines-wrong":
		s.Command, s.Foreign = append(s.Command, results.AddrPlaceholder), true
	}
	return s
}

func testServer(mode string, args []string) {
	addr := "127.0.0.1:0"
	model := slices.Index(models.Names(), mode)
	if model >= 0 && len(args) > 0 { // with the flags of the model's command
		args = slices.Concat([]string{"--addr", addr, "--log-format", "json"}, args)
		os.Exit(servercmd.Run(context.Background(), kvcmd.Program(mode, models.Commands()[model], nil), args, os.Stdout, os.Stderr))
	}
	switch mode {
	case "fails":
		fmt.Fprintln(os.Stderr, "no luck today")
		os.Exit(5)
	case "mute":
		select {}
	case "refuses":
		fmt.Fprintln(os.Stderr, "starting\nno ring of mine")
		os.Exit(servercmd.ExitUnavailable)
	case "foreign", "foreign-unavailable", "lines", "lines-wrong":
		addr = args[0]
	case "stubborn":
		signal.Ignore(syscall.SIGTERM)
	}
	ln, err := net.Listen("tcp", addr)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	if !strings.HasPrefix(mode, "foreign") && !strings.HasPrefix(mode, "lines") {
		slog.New(slog.NewJSONHandler(os.Stderr, nil)).Info("listening", "addr", ln.Addr().String())
	}
	if strings.HasSuffix(mode, "unavailable") { // like our own command, it listens first
		ln.Close()
		fmt.Fprintln(os.Stderr, "kv-test: not available here: no io_uring: not permitted")
		os.Exit(servercmd.ExitUnavailable)
	}
	if mode == "spins" { // and accepts no client
		//lint:ignore SA5002 the loop has to use a whole core
		for {
		}
	}
	if model >= 0 {
		srv, err := models.Commands()[model].New(server.Config{})
		if err == nil {
			err = srv.Serve(ln)
		}
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	if mode == "resp" {
		w := load.DefaultWorkload()
		w.Protocol = load.RESP
		if err := nullserver.Serve(context.Background(), ln, w, false); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	if strings.HasPrefix(mode, "lines") {
		serveLines(ln, mode)
		return
	}
	h := kv.NewHandler(store.NewSharded(0))
	if mode == "handler" { // with the flags of ioflavors serve
		var delay slow.Delay
		fs := flag.NewFlagSet(mode, flag.ExitOnError)
		fs.DurationVar(&delay.Sleep, "slow-sleep", 0, "")
		fs.DurationVar(&delay.Burn, "slow-burn", 0, "")
		prefix := fs.String("slow-prefix", "slow:", "")
		_ = fs.Parse(args)
		h = kv.NewHandler(slow.New(*prefix, delay, 0))
	}
	if mode == "slow" {
		slowly = make(chan struct{}, 10)
	}
	for {
		c, err := ln.Accept()
		if err != nil {
			return
		}
		if mode == "serial" {
			testServe(h, c, mode)
		} else {
			go testServe(h, c, mode)
		}
	}
}

// serveLines answers each line with the same one in upper case. "lines-wrong" answers
// the second one of each connection with another text.
func serveLines(ln net.Listener, mode string) {
	for {
		c, err := ln.Accept()
		if err != nil {
			return
		}
		go func() {
			defer c.Close()
			lines := bufio.NewScanner(c)
			for n := 1; lines.Scan(); n++ {
				reply := strings.ToUpper(lines.Text())
				if mode == "lines-wrong" && n == 2 {
					reply = "error"
				}
				if _, err := c.Write([]byte(reply + "\n")); err != nil {
					return
				}
			}
		}()
	}
}

// Talk is the exchanges that the modes "lines" and "lines-wrong" take part in.
func Talk(t *testing.T) *load.Exchanges {
	t.Helper()
	all := []exchanges.Exchange{
		{Request: []byte("hello\n"), Reply: []byte("HELLO\n"), Setup: true, Line: 1},
		{Request: []byte("a\n"), Reply: []byte("A\n"), Line: 5},
		{Request: []byte("b\nc\n"), Reply: []byte("B\nC\n"), Line: 7},
	}
	e, err := load.NewExchanges("talk.txt", all)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// slowly bounds the gets that are served at a time.
var slowly chan struct{}

func testServe(h *kv.Handler, c net.Conn, mode string) {
	defer c.Close()
	in := bufio.NewReader(c)
	for n := 0; ; n++ {
		var header [frame.Header]byte
		if _, err := io.ReadFull(in, header[:]); err != nil {
			return
		}
		body := make([]byte, binary.LittleEndian.Uint32(header[:]))
		if _, err := io.ReadFull(in, body); err != nil {
			return
		}
		body = body[:len(body)-len(frame.Footer)]
		m, _ := kv.Parse(body)
		if m.Kind == kv.Get && mode == "dies" {
			fmt.Fprintln(os.Stderr, "a get, of all things")
			os.Exit(4)
		}
		if slowly != nil && m.Kind == kv.Get {
			slowly <- struct{}{}
			time.Sleep(10 * time.Millisecond)
			<-slowly
		}
		out, mark := frame.Begin(nil)
		out = frame.End(h.AppendReply(out, body), mark)
		if m.Kind == kv.Get && (mode == "wrong" || mode == "slips" && n%10 == 9) {
			out[len(out)-len(frame.Footer)-3] ^= 1 // the value's last character
		}
		if _, err := c.Write(out); err != nil {
			return
		}
	}
}
