package advise

import (
	"bytes"
	"fmt"
	goformat "go/format"
	"slices"
	"strconv"
	"strings"
	"text/template"
	"time"

	"github.com/ioflavors/ioflavors/common/server"
	"github.com/ioflavors/ioflavors/common/servercmd"
	"github.com/ioflavors/ioflavors/tools/internal/format"
	"github.com/ioflavors/ioflavors/tools/internal/models"
	"github.com/ioflavors/ioflavors/tools/internal/results"
)

// Setup is how to run the recommended model for the profile: with each limit whose
// default would make it fail.
type Setup struct {
	// Serve is the command, word by word, and Go a program that does the same.
	Serve []string `json:"serve"`
	Go    string   `json:"go"`
	// Why says, for each flag, what would happen without it, and what the system must
	// permit.
	Why []string `json:"why,omitempty"`
}

// The defaults of server.Limits.
const (
	defaultConns  = 10_000
	defaultIdle   = time.Minute
	defaultIdle1  = 5 * time.Second // for models that serve one client at a time
	defaultMemory = 256 << 20
	defaultFrame  = 1 << 20
)

// limits returns the limits that a model needs for the profile and does not have by
// default. The model is measured with the same ones.
func (p Profile) limits(s results.Target) (l server.Limits, why []string) {
	// A client that reconnects may come before its old connection is gone.
	if n := p.Connections + p.Connections/10; n > defaultConns && !s.OneAtATime {
		l.MaxConns = n
		why = append(why, fmt.Sprintf("--max-conns %d: by default the server refuses clients from the %sst on; a tenth is for clients that come again before their old connection is gone.",
			n, format.Thousands(defaultConns+1)))
	}
	idle := defaultIdle
	if s.OneAtATime {
		idle = defaultIdle1
	}
	switch {
	case p.Active < p.Connections && !s.OneAtATime:
		l.IdleTimeout = -1
		why = append(why, fmt.Sprintf("--idle-timeout -1: by default the server closes a connection that has been silent for %v, and %s always are.",
			idle, format.Thousands(float64(p.Connections-p.Active))))
	case p.longestSilence() > idle:
		l.IdleTimeout = -1
		why = append(why, fmt.Sprintf("--idle-timeout -1: by default the server closes a connection that has been silent for %v, and at this rate each asks every %s on average.",
			idle, format.Latency(p.meanSilence())))
	}
	if need := p.buffers(); need > defaultMemory*3/4 {
		l.MemoryLimit = (need*4/3>>20 + 1) << 20
		why = append(why, fmt.Sprintf("--memory-limit %dMiB: by default the server closes connections when the buffers of all connections reach %d MiB, and a request and a reply of each active one take more.",
			l.MemoryLimit>>20, defaultMemory*3/4>>20))
	}
	if n := p.longestRequest(); n > defaultFrame {
		l.MaxFrame = (n>>20 + 1) << 20
		why = append(why, fmt.Sprintf("--max-frame %dMiB: by default the server refuses requests of more than %d MiB, and the longest one has %s bytes.",
			l.MaxFrame>>20, defaultFrame>>20, format.Thousands(float64(n))))
	}
	return l, why
}

// longestRequest returns the length in bytes of the longest request of the exchanges.
func (p Profile) longestRequest() (n int) {
	if p.Exchanges != nil {
		for _, e := range p.Exchanges.All {
			n = max(n, len(e.Request))
		}
	}
	return n
}

// meanSilence returns how long an active connection is silent on average.
func (p Profile) meanSilence() time.Duration { return format.Seconds(float64(p.Active) / p.Rate) }

// longestSilence returns a silence that one request in half a billion exceeds, if
// arrivals are random (e to the power of 20).
func (p Profile) longestSilence() time.Duration {
	return format.Seconds(20 * float64(p.Active) / p.Rate)
}

// buffers returns the bytes of the active connections' buffers, if each has a request
// and a reply under way.
func (p Profile) buffers() int64 {
	const besides = 1 << 10 // the key, the frame
	largest := p.Value
	if p.Exchanges != nil {
		largest = p.Exchanges.Largest
	}
	return int64(p.Active) * 2 * int64(largest+besides)
}

// limitFlags returns the flags that set the limits.
func limitFlags(l server.Limits) (flags []string) {
	if l.MaxConns != 0 {
		flags = append(flags, "--max-conns", strconv.Itoa(l.MaxConns))
	}
	if l.IdleTimeout != 0 {
		flags = append(flags, "--idle-timeout", "-1")
	}
	if l.MemoryLimit != 0 {
		flags = append(flags, "--memory-limit", fmt.Sprintf("%dMiB", l.MemoryLimit>>20))
	}
	if l.MaxFrame != 0 {
		flags = append(flags, "--max-frame", fmt.Sprintf("%dMiB", l.MaxFrame>>20))
	}
	return flags
}

// descriptorReserve is the number of descriptors that a server does not use for
// connections.
const descriptorReserve = 32

// setup returns how to run a model for the profile. program starts this program, and
// descriptors is the limit here.
func (p Profile) setup(s results.Target, program []string, descriptors int) (*Setup, error) {
	model := models.VariantOf(s)
	if model.Go == "" {
		return nil, nil // serve does not know the server
	}
	limits, why := p.limits(s)
	serve := slices.Concat(program, []string{"serve"}, strings.Fields(s.Name))
	if s.Linked {
		serve = s.At(servercmd.DefaultAddr)
	}
	setup := &Setup{Serve: append(serve, limitFlags(limits)...), Why: why}
	if need := max(p.Connections, limits.MaxConns) + descriptorReserve; need > 1024 && !s.OneAtATime {
		text := fmt.Sprintf("ulimit -n %d: each connection takes a file descriptor (in a service LimitNOFILE=, in a container --ulimit nofile=).", need)
		if descriptors < need {
			text += fmt.Sprintf(" Here the limit is %s, with which the server refuses clients from the %s on.",
				format.Thousands(float64(descriptors)), ordinal(max(1, descriptors-descriptorReserve)+1))
		}
		setup.Why = append(setup.Why, text)
	}
	if p.Store != "" {
		setup.Serve = append(setup.Serve, "--store", p.Store)
		setup.Why = append(setup.Why, "The Go program below has its data in memory: give kv.Config the Store that stores.Open opens (docs/stores.md).")
	}
	if p.Handler > 0 {
		setup.Why = append(setup.Why, fmt.Sprintf("The command has no handler that takes %v: that handler is in the Store of your own program.", p.Handler))
	}
	var out bytes.Buffer
	if err := goProgram.Execute(&out, goSetup{model, limits, servercmd.DefaultAddr, p.Handler, s.Linked}); err != nil {
		return nil, err
	}
	source, err := goformat.Source(out.Bytes())
	setup.Go = string(source)
	return setup, err
}

// ordinal returns a text like "10,001st".
func ordinal(n int) string {
	suffix := "th"
	if teens := n % 100; teens < 11 || teens > 13 {
		switch n % 10 {
		case 1:
			suffix = "st"
		case 2:
			suffix = "nd"
		case 3:
			suffix = "rd"
		}
	}
	return format.Thousands(float64(n)) + suffix
}

// goSetup is the data of goProgram.
type goSetup struct {
	models.Variant
	Limits  server.Limits
	Addr    string
	Handler time.Duration
	Linked  bool // the user has a protocol
}

var goProgram = template.Must(template.New("").Parse(`package main

import (
	"log"

{{if not .Linked}}	"github.com/ioflavors/ioflavors/common/kv"
{{end}}	"github.com/ioflavors/ioflavors/common/server"
{{- if .Linked}}
	"github.com/ioflavors/ioflavors/common/session"
{{- end}}
	"github.com/ioflavors/ioflavors/{{.Model}}"
)

func main() {
{{- if .Linked}}
	var protocol session.Protocol // set it to yours, as session.Split(...)
	config := server.Config{
		Protocol: protocol,
{{- else}}
	config := server.Config{
		// kv.Config's Store is yours{{if .Handler}}, with the handler of {{.Handler}}{{end}}; without one, a new one in memory.
		Protocol: kv.New(kv.Config{}),
{{- end}}
{{- with .Limits}}{{if or .MaxConns .IdleTimeout .MemoryLimit .MaxFrame}}
		Limits: server.Limits{
{{- if .MaxConns}}
			MaxConns:    {{.MaxConns}},
{{- end}}{{if .IdleTimeout}}
			IdleTimeout: -1,
{{- end}}{{if .MemoryLimit}}
			MemoryLimit: {{.MemoryLimit}},
{{- end}}{{if .MaxFrame}}
			MaxFrame: {{.MaxFrame}},
{{- end}}
		},
{{- end}}{{end}}
	}
	srv := {{.Go}}
	log.Fatal(srv.ListenAndServe("{{.Addr}}"))
}
`))
