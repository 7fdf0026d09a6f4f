package servercmd

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

// The limits of the operators' HTTP servers. These servers ask for no password, and
// share the process with a key/value server.
const (
	// maxAdminConns is how many connections all HTTP servers have together. They
	// come out of the 16 descriptors that a server leaves to others (see
	// server.Traits.Descriptors): 3 standard streams, 2 of the runtime's poller,
	// the listener, 2 HTTP listeners, these connections, and one just accepted.
	maxAdminConns = 4
	// adminTimeout is how long a request may take, and the reply after the
	// request's header. Package pprof adds the duration of a profile.
	adminTimeout = 10 * time.Second
	// adminIdle is how long a connection may be silent between requests. Most
	// scrapers pause for less.
	adminIdle = time.Minute
	// maxProfile is how long a profile or a trace may take.
	maxProfile     = time.Minute
	maxAdminHeader = 16 << 10 // bytes
	maxAdminBody   = 64 << 10 // bytes: some 5,000 addresses for symbols of package pprof
)

// Admin is an HTTP server for operators, beside a key/value server: for counters,
// profiles, metrics. Its descriptors, its memory for requests, and its time are
// bounded. Foreign web pages cannot reach it, whatever name they use for this
// machine.
type Admin struct {
	Addr net.Addr

	web    http.Server
	served chan struct{} // closed when Serve has returned
}

// ServeAdmin serves h at addr, the value of the named flag, until Close. If ctx is
// done, looking up the address ends. The log gets a line with the URL of path, or with
// the socket.
//
// addr is host:port, or unix:PATH for a Unix socket, which only its owner may use (mode
// 0600). Close removes it. ServeAdmin replaces a socket that no process listens on, but
// no other file.
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

// Close closes the listener and all connections, even those with a request in
// progress.
func (a *Admin) Close() error {
	err := a.web.Close()
	<-a.served
	return err
}

// bounded bounds the memory and the time that a request may take.
func bounded(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			r.Body = http.MaxBytesReader(w, r.Body, maxAdminBody)
		} else {
			r.Body = http.NoBody // package pprof would look for a form in it
		}
		query, _ := url.ParseQuery(r.URL.RawQuery)
		for _, s := range query["seconds"] {
			// NaN fails this comparison. A number too large for a float is
			// infinite, and fails it too.
			if n, _ := strconv.ParseFloat(s, 64); !(n <= maxProfile.Seconds()) {
				http.Error(w, fmt.Sprintf("seconds: at most %v", maxProfile.Seconds()), http.StatusBadRequest)
				return
			}
		}
		h.ServeHTTP(w, r)
	})
}

// onlyFor refuses a request that a web page may have made. It refuses a request whose
// host is neither this machine nor the host that the server was started with, because
// the name of a page may lead to this machine (DNS rebinding). It also refuses a
// request that comes from another site, as the browser's headers say.
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

// ownPage reports whether a browser's request comes from a page of this server, or
// from no page. origin is the text of the header.
func ownPage(origin, name string, local net.Addr) bool {
	if origin == "" {
		return true
	}
	u, err := url.Parse(origin)
	return err == nil && ours(u.Host, name, local)
}

// ours reports whether a request's host is this machine: localhost, the name that the
// server was started with, a loopback address, or the local address of the connection.
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

// adminConns are the connections of all HTTP servers of this process. They share one
// limit because descriptors belong to the process.
var adminConns connLimit

// connLimit keeps the number of connections at maxAdminConns. When another connection
// comes, it closes the one whose last reply is longest ago. If all are being answered,
// it closes the new one.
type connLimit struct {
	mu    sync.Mutex
	conns map[net.Conn]uint64 // clock at the last reply, or at accept; 0: being answered
	clock uint64              // counts replies and accepts
}

// note is an http.Server.ConnState. The server calls it for a new connection before
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
			return // it is being closed
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

// add adds a connection. It returns the one to close for it, if there are too many.
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

// fewLines passes on one line a second of net/http's log, which has a line for each
// failed accept, for example.
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
		l.log.Warn("the HTTP server reports an error", "error", strings.TrimSpace(string(line)), "suppressed", l.suppressed)
		l.next, l.suppressed = now.Add(time.Second), 0
	}
	return len(line), nil
}

// unixPrefix begins the address of a Unix socket.
const unixPrefix = "unix:"

// CheckAdminAddr is CheckAddr for an address of ServeAdmin.
func CheckAdminAddr(name, text string) error {
	path, is := strings.CutPrefix(text, unixPrefix)
	if !is {
		return CheckAddr(name, text)
	}
	if path == "" || path[0] == '@' { // an abstract name (@) is no file, so it has no mode
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

// clearSocket removes a socket that an ended process has left behind.
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
		return err // the socket may belong to another user
	}
}
