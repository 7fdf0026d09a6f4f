package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/ioflavors/ioflavors/common/conformance"
)

type checkCmd struct {
	Target       string        `arg:"" name:"addr-or-command" help:"The server's address, host:port. Or, behind --, a command that starts it: {addr} in it is replaced by a free address, {port} by its port. A command that listens elsewhere has that address in front: check HOST:PORT -- CMD."`
	Args         []string      `arg:"" optional:"" name:"args" help:"The command's arguments."`
	JSON         bool          `name:"json" help:"Print one JSON object instead of lines."`
	OneAtATime   bool          `help:"The server may keep clients waiting until another one leaves."`
	MaxFrame     int           `default:"1048576" placeholder:"BYTES" help:"The longest frame that the server takes, body and footer (default ${default})."`
	IdleTimeout  time.Duration `placeholder:"TIME" help:"When the server closes an idle connection; checked only if given."`
	FrameTimeout time.Duration `placeholder:"TIME" help:"When the server gives up on an unfinished frame; checked only if given."`
	Clients      int           `default:"64" placeholder:"N" help:"How many clients there are at once, where that matters (default ${default})."`
	Only         []string      `placeholder:"RULE" help:"Check these rules only. Give it again, or separate names by commas."`
	Timeout      time.Duration `default:"10s" placeholder:"TIME" help:"How long a rule may take (default ${default})."`
}

func (c *checkCmd) Run(ctx context.Context) error {
	addr, command, err := c.target()
	if err != nil {
		return &exitError{2, err.Error()}
	}
	if err := c.checkFlags(); err != nil {
		return &exitError{2, err.Error()}
	}
	if command != nil {
		server, err := startServer(ctx, addr, command)
		if err != nil {
			return err
		}
		defer server.stop()
	}
	if err := reach(ctx, addr); err != nil {
		return err
	}
	report := conformance.Check(ctx, addr, c.options(os.Stdout))
	if err := c.summarize(os.Stdout, addr, report); err != nil {
		return err
	}
	if failed := len(report.Failed()); failed > 0 {
		return &exitError{code: 1}
	}
	return nil
}

// target returns the address to check, and the command that starts a server
// there, if there is one.
func (c *checkCmd) target() (addr string, command []string, err error) {
	if _, _, err := net.SplitHostPort(c.Target); err == nil {
		return c.Target, fill(c.Args, c.Target), nil
	}
	command = append([]string{c.Target}, c.Args...)
	if !slices.ContainsFunc(command, func(arg string) bool {
		return strings.Contains(arg, "{addr}") || strings.Contains(arg, "{port}")
	}) {
		return "", nil, fmt.Errorf("%q is no address (host:port), and as a command it does not say where to listen ({addr})", c.Target)
	}
	addr, err = freeAddress()
	return addr, fill(command, addr), err
}

// fill returns the command with the address in it; nil if there is none.
func fill(command []string, addr string) []string {
	if len(command) == 0 {
		return nil
	}
	_, port, _ := net.SplitHostPort(addr)
	replacer := strings.NewReplacer("{addr}", addr, "{port}", port)
	filled := make([]string, len(command))
	for i, arg := range command {
		filled[i] = replacer.Replace(arg)
	}
	return filled
}

// freeAddress returns a local address that nobody listened on a moment ago.
func freeAddress() (string, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return ln.Addr().String(), ln.Close()
}

// checkFlags returns an error for flags that no check can be made with.
func (c *checkCmd) checkFlags() error {
	if c.MaxFrame < conformance.LeastMaxFrame {
		return fmt.Errorf("--max-frame %d: the rules need frames of at least %d bytes", c.MaxFrame, conformance.LeastMaxFrame)
	}
	known := ids(conformance.Rules())
	for _, id := range c.Only {
		if !slices.Contains(known, id) {
			return fmt.Errorf("no rule %q: there are %s", id, strings.Join(known, ", "))
		}
	}
	return nil
}

func (c *checkCmd) options(w io.Writer) conformance.Options {
	o := conformance.Options{
		MaxFrame:     c.MaxFrame,
		OneAtATime:   c.OneAtATime,
		IdleTimeout:  c.IdleTimeout,
		FrameTimeout: c.FrameTimeout,
		Clients:      c.Clients,
		RuleTimeout:  c.Timeout,
		Only:         c.Only,
	}
	if !c.JSON {
		o.Progress = func(r conformance.Result) { printResult(w, r) }
	}
	return o
}

func printResult(w io.Writer, r conformance.Result) {
	if r.Passed() {
		fmt.Fprintf(w, "pass  %-20s %s\n", r.ID, r.Title)
		return
	}
	fmt.Fprintf(w, "FAIL  %-20s %s\n      %s\n", r.ID, r.Title, r.Reason)
}

func (c *checkCmd) summarize(w io.Writer, addr string, r conformance.Report) error {
	if c.JSON {
		out := json.NewEncoder(w)
		out.SetIndent("", "  ")
		return out.Encode(struct {
			Addr    string               `json:"addr"`
			Passed  int                  `json:"passed"`
			Total   int                  `json:"total"`
			Results []conformance.Result `json:"results"`
			NotRun  []string             `json:"not_run,omitempty"`
		}{addr, r.Passed(), r.Total(), r.Results, ids(r.NotRun)})
	}
	_, err := fmt.Fprintf(w, "%d of %d rules passed%s\n", r.Passed(), r.Total(), c.leftOut(r))
	return err
}

// leftOut says which rules were not run, unless that was asked for.
func (c *checkCmd) leftOut(r conformance.Report) string {
	if len(c.Only) > 0 || len(r.NotRun) == 0 {
		return ""
	}
	return fmt.Sprintf(" (not run with these flags: %s)", strings.Join(ids(r.NotRun), ", "))
}

func ids(rules []conformance.Rule) []string {
	var names []string
	for _, rule := range rules {
		names = append(names, rule.ID)
	}
	return names
}

// reach returns an error if nobody listens at addr: then it is no use to try
// every rule.
func reach(ctx context.Context, addr string) error {
	dialer := net.Dialer{Timeout: 5 * time.Second}
	conn, err := dialer.DialContext(ctx, "tcp", addr)
	if err != nil {
		return explainDial(addr, err)
	}
	return conn.Close()
}

// startTimeout is how long a command may take until its server listens: one
// that compiles first takes its time.
const startTimeout = 60 * time.Second

// checkedServer is a server that was started for the check.
type checkedServer struct {
	cmd    *exec.Cmd
	said   tail
	exited chan struct{} // closed when it has ended
	err    error         // how, valid then
}

// startServer runs the command and returns when somebody listens at addr.
func startServer(ctx context.Context, addr string, command []string) (*checkedServer, error) {
	s := &checkedServer{cmd: exec.Command(command[0], command[1:]...), exited: make(chan struct{})}
	s.cmd.Stdout, s.cmd.Stderr = &s.said, &s.said
	s.cmd.WaitDelay = time.Second // a grandchild may hold the pipes
	ownGroup(s.cmd)
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		s.err = s.cmd.Wait()
		close(s.exited)
	}()
	if err := s.waitUntilListening(ctx, addr); err != nil {
		s.stop()
		return nil, err
	}
	return s, nil
}

func (s *checkedServer) waitUntilListening(ctx context.Context, addr string) error {
	ctx, cancel := context.WithTimeoutCause(ctx, startTimeout, fmt.Errorf("it does not listen at %s after %v", addr, startTimeout))
	defer cancel()
	retry := time.NewTicker(20 * time.Millisecond)
	defer retry.Stop()
	for reach(ctx, addr) != nil {
		select {
		case <-retry.C:
		case <-s.exited:
			return fmt.Errorf("the server has ended: %v%s", s.cmd.ProcessState, s.said.quote())
		case <-ctx.Done():
			return fmt.Errorf("the server: %w%s", context.Cause(ctx), s.said.quote())
		}
	}
	return nil
}

// stop ends the server and what it has started.
func (s *checkedServer) stop() {
	terminate(s.cmd)
	select {
	case <-s.exited:
	case <-time.After(3 * time.Second):
	}
	kill(s.cmd)
	<-s.exited
}

// tail keeps the end of what is written to it.
type tail struct {
	mu   sync.Mutex
	data []byte
}

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	const kept = 1 << 10
	t.data = append(t.data, p...)
	t.data = t.data[max(0, len(t.data)-kept):]
	return len(p), nil
}

// quote returns the last line, for the end of a message.
func (t *tail) quote() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	text := bytes.TrimSpace(t.data)
	if len(text) == 0 {
		return ""
	}
	return fmt.Sprintf("; its last words: %s", text[bytes.LastIndexByte(text, '\n')+1:])
}
