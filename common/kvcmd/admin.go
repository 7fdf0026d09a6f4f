package kvcmd

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	stdlog "log"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// The limits of the HTTP servers that operators have beside a key/value server.
// They have no password, and share the process with it.
const (
	// maxAdminConns is how many connections all of them have together. They
	// come out of the 16 descriptors that a server leaves to others (see
	// kvserver.Traits.Descriptors): 3 standard streams, 2 of the runtime's poller,
	// the listener, 2 HTTP listeners, these, and one that was just accepted.
	maxAdminConns = 4
	// adminTimeout is how long a request may take, and after its header the reply.
	// Package pprof adds the time that a profile takes.
	adminTimeout = 10 * time.Second
	// adminIdle is how long a connection may be silent between requests: longer
	// than most scrapers pause.
	adminIdle = time.Minute
	// maxProfile is how long a profile or a trace may take.
	maxProfile     = time.Minute
	maxAdminHeader = 16 << 10 // bytes
	maxAdminBody   = 64 << 10 // bytes: some 5,000 addresses for symbols of package pprof
)

// Admin is an HTTP server for operators, beside a key/value server: for counters,
// profiles, metrics. What it takes of the process is bounded: descriptors, memory
// for requests, and time. Web pages elsewhere do not reach it, under whatever name
// they call this machine.
type Admin struct {
	Addr net.Addr

	web    http.Server
	served chan struct{} // closed when Serve has returned
}

// ServeAdmin serves h at addr, which is what the named flag holds, until Close. ctx
// ends looking up the address. The log gets a line with the URL of path, or with the
// socket.
//
// addr is host:port, or unix:PATH for a Unix socket, which is its owner's alone (mode
// 0600) and is removed by Close. One that nobody listens on is replaced; what is no
// socket is not.
func ServeAdmin(ctx context.Context, name, flag, addr, path string, h http.Handler, log *slog.Logger) (*Admin, error) {
	ln, err := listenAdmin(ctx, addr)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", flag, err)
	}
	a := newAdmin(ln, addr, h, log)
	if _, is := ln.(*net.UnixListener); is {
		log.Info(name, "socket", a.Addr.String())
	} else {
		log.Info(name, "url", "http://"+a.Addr.String()+path)
		if !Local(a.Addr) {
			log.Warn("the "+name+" can be reached from other machines, and asks for no password", "addr", a.Addr.String())
		}
	}
	return a, nil
}

// newAdmin serves h on a listener for addr.
func newAdmin(ln net.Listener, addr string, h http.Handler, log *slog.Logger) *Admin {
	if ln.Addr().Network() != "unix" { // no page in a browser reaches a Unix socket
		host, _, _ := net.SplitHostPort(addr)
		h = onlyFor(host, h)
	}
	a := &Admin{
		Addr: ln.Addr(),
		web: http.Server{
			Handler:           bounded(h),
			ReadHeaderTimeout: adminTimeout,
			ReadTimeout:       adminTimeout,
			WriteTimeout:      adminTimeout,
			IdleTimeout:       adminIdle,
			MaxHeaderBytes:    maxAdminHeader,
			ConnState:         adminConns.note,
			ErrorLog:          stdlog.New(&fewLines{log: log}, "", 0),
		},
		served: make(chan struct{}),
	}
	go func() {
		defer close(a.served)
		_ = a.web.Serve(ln)
	}()
	return a
}

// Close closes the listener and all connections, whatever they wait for.
func (a *Admin) Close() error {
	err := a.web.Close()
	<-a.served
	return err
}

// bounded keeps what a request makes the process hold, and how long it takes,
// within bounds.
func bounded(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			r.Body = http.MaxBytesReader(w, r.Body, maxAdminBody)
		} else {
			r.Body = http.NoBody // package pprof would look for a form in it
		}
		query, _ := url.ParseQuery(r.URL.RawQuery)
		for _, s := range query["seconds"] {
			// NaN is refused, and what is too large for a float is infinite.
			if n, _ := strconv.ParseFloat(s, 64); !(n <= maxProfile.Seconds()) {
				http.Error(w, fmt.Sprintf("seconds: at most %v", maxProfile.Seconds()), http.StatusBadRequest)
				return
			}
		}
		h.ServeHTTP(w, r)
	})
}

// onlyFor refuses a request that a page on the web may have made: one whose host is
// neither this machine's nor the one that the server was started with (the name of a
// page may lead here, which is called DNS rebinding), and one that the browser says
// comes from elsewhere.
func onlyFor(name string, h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		local, _ := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
		site := r.Header.Get("Sec-Fetch-Site")
		if !ours(r.Host, name, local) || site != "" && site != "none" && site != "same-origin" || !ownPage(r.Header.Get("Origin"), name, local) {
			http.Error(w, "This server answers under its own address only.", http.StatusForbidden)
			return
		}
		h.ServeHTTP(w, r)
	})
}

// ownPage reports whether the page from which a browser sends a request is this
// server's, or there is none: origin is the header's text.
func ownPage(origin, name string, local net.Addr) bool {
	if origin == "" {
		return true
	}
	u, err := url.Parse(origin)
	return err == nil && ours(u.Host, name, local)
}

// ours reports whether a request's host is this machine: by a name for loopback, the
// name that the server was started with, or an address for loopback or the one that
// the connection came to.
func ours(host, name string, local net.Addr) bool {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	} else {
		host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	}
	if strings.EqualFold(host, "localhost") || name != "" && strings.EqualFold(host, name) {
		return true
	}
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return false
	}
	ip = ip.Unmap()
	if ip.IsLoopback() {
		return true
	}
	tcp, ok := local.(*net.TCPAddr)
	return ok && ip == tcp.AddrPort().Addr().Unmap()
}

// adminConns are the connections of all HTTP servers of this process, because
// descriptors are the process's, too.
var adminConns connLimit

// connLimit keeps the number of connections at maxAdminConns. When one more comes,
// the one is closed that has waited longest since its last reply. If all are being
// answered, the new one is closed.
type connLimit struct {
	mu    sync.Mutex
	conns map[net.Conn]uint64 // when each was last answered, or accepted; 0: it is being answered
	clock uint64              // counts such events
}

// note is for http.Server.ConnState. The server calls it for a new connection before
// it accepts the next one.
func (l *connLimit) note(c net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		if victim := l.add(c); victim != nil {
			_ = victim.Close()
		}
	case http.StateActive, http.StateIdle:
		l.mu.Lock()
		defer l.mu.Unlock()
		if _, is := l.conns[c]; !is {
			return // its end is under way
		}
		l.conns[c] = 0
		if state == http.StateIdle {
			l.clock++
			l.conns[c] = l.clock
		}
	default:
		l.mu.Lock()
		defer l.mu.Unlock()
		delete(l.conns, c)
	}
}

// add takes in a connection, and returns the one that has to go for it.
func (l *connLimit) add(c net.Conn) (victim net.Conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.conns == nil {
		l.conns = make(map[net.Conn]uint64)
	}
	if len(l.conns) >= maxAdminConns {
		victim = c
		oldest := uint64(0)
		for other, at := range l.conns {
			if at > 0 && (oldest == 0 || at < oldest) {
				victim, oldest = other, at
			}
		}
		if delete(l.conns, victim); victim == c {
			return c
		}
	}
	l.clock++
	l.conns[c] = l.clock
	return victim
}

// fewLines takes what net/http logs, at each accept that fails for example, and passes
// on a line a second.
type fewLines struct {
	log *slog.Logger

	mu         sync.Mutex
	next       time.Time
	suppressed int
}

func (l *fewLines) Write(line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if now := time.Now(); now.Before(l.next) {
		l.suppressed++
	} else {
		l.log.Warn("an HTTP server beside the server", "error", strings.TrimSpace(string(line)), "suppressed", l.suppressed)
		l.next, l.suppressed = now.Add(time.Second), 0
	}
	return len(line), nil
}

// unixPrefix begins an address that is a Unix socket.
const unixPrefix = "unix:"

// CheckAdminAddr is CheckAddr for what ServeAdmin takes.
func CheckAdminAddr(name, text string) error {
	path, is := strings.CutPrefix(text, unixPrefix)
	if !is {
		return CheckAddr(name, text)
	}
	if path == "" || path[0] == '@' { // @: a name that is no file, and has no mode
		return fmt.Errorf("%s %q: want unix:PATH", name, text)
	}
	return nil
}

func listenAdmin(ctx context.Context, addr string) (net.Listener, error) {
	path, is := strings.CutPrefix(addr, unixPrefix)
	if !is {
		return new(net.ListenConfig).Listen(ctx, "tcp", LocalByDefault(addr))
	}
	if err := clearSocket(ctx, path); err != nil {
		return nil, err
	}
	config := net.ListenConfig{Control: makePrivate}
	ln, err := config.Listen(ctx, "unix", path)
	if err != nil {
		return nil, err
	}
	if err := os.Chmod(path, 0o600); err != nil {
		_ = ln.Close()
		return nil, err
	}
	return ln, nil
}

// clearSocket removes a socket that a process has left behind.
func clearSocket(ctx context.Context, path string) error {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case info.Mode()&fs.ModeType != fs.ModeSocket:
		return fmt.Errorf("%s exists, and is no socket", path)
	}
	c, err := new(net.Dialer).DialContext(ctx, "unix", path)
	switch {
	case err == nil:
		_ = c.Close()
		return fmt.Errorf("listen unix %s: the socket is in use", path)
	case errors.Is(err, syscall.ECONNREFUSED):
		return os.Remove(path)
	default:
		return err // somebody else's, perhaps
	}
}
