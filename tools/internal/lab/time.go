package lab

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/google/pprof/profile"

	"github.com/ioflavors/ioflavors/tools/internal/format"
	"github.com/ioflavors/ioflavors/tools/internal/generator"
	"github.com/ioflavors/ioflavors/tools/internal/proc"
	"github.com/ioflavors/ioflavors/tools/internal/results"
	"github.com/ioflavors/ioflavors/tools/internal/timesplit"
)

// debugFlags make one of our servers log the URL of its debug server. The system chooses
// a free port.
var debugFlags = []string{"--debug-addr", "127.0.0.1:0"}

// profiles finds out what each of our servers spends its CPU time on.
func (b *run) profiles(ctx context.Context) error {
	plan := b.Results.Plan
	if !plan.Has(results.Profile) {
		return nil
	}
	var foreign []string
	for _, s := range b.Results.Servers {
		if s.Foreign && !s.Out() {
			foreign = append(foreign, s.Name)
		}
	}
	if len(foreign) > 0 {
		b.Results.Skip("where the CPU time goes: " + strings.Join(foreign, ", ") + ": only this project's own servers have a debug server that the lab knows")
	}
	if _, err := proc.MemoryOf(os.Getpid()); err != nil {
		b.Results.Skip("where the CPU time goes: the lab cannot tell here what another process uses")
		return nil
	}
	return b.eachTarget(ctx, "profile", func(s *results.Server) (results.Target, bool) {
		t := s.Target
		t.Command = slices.Concat(t.Command, debugFlags)
		return t, !s.Foreign
	}, func(s *results.Server) time.Duration { return profileTime(plan, s) }, func(s *results.Server, p *proc.Process) (string, error) {
		if err := b.Preload(ctx, s.Target, p); err != nil {
			return "", err
		}
		cell, err := b.profile(ctx, s, p)
		switch {
		case ctx.Err() != nil:
			return "", ctx.Err()
		case p.Failure() != nil:
			return "", p.Failure()
		case err != nil: // of the profile alone, so the server is measured further
			b.Results.Skip(fmt.Sprintf("where the CPU time goes: %s: %v", s.Name, err))
			return fmt.Sprintf("%s: no profile: %v", s.Name, err), nil
		}
		b.Results.Time = append(b.Results.Time, cell)
		return fmt.Sprintf("%s: profile: %s", s.Name, timeDigest(cell)), nil
	})
}

// profile takes a server's CPU profile under load.
func (b *run) profile(ctx context.Context, s *results.Server, p *proc.Process) (results.TimeCell, error) {
	plan := b.Results.Plan
	w := plan.ProfileWorkload()
	f := fetch{url: p.Debug + "pprof/profile?seconds=" + strconv.Itoa(int(plan.Profile/time.Second)), limit: plan.Profile + fetchTime}
	if err := f.connect(ctx, p.Debug); err != nil {
		return results.TimeCell{}, err
	}
	defer f.client.CloseIdleConnections()
	var cell results.Cell
	var began time.Time
	err := b.Measure(p, &cell, func(begin, end func()) (err error) {
		cell.Load, err = generator.Run(ctx, generator.Config{
			Addr:     p.Addr,
			Workload: s.Told(plan.Workloads[w]),
			Warmup:   plan.Warmup,
			Duration: plan.Profile,
			MayWait:  s.OneAtATime,
			Seed:     plan.Seed,
			// The profile begins first, because the meter needs some milliseconds, and
			// no requests are sent meanwhile.
			Begin: func() {
				f.begin(ctx)
				begin()
				began = time.Now()
			},
			End: end,
		})
		return err
	})
	taken, fetchErr := f.wait()
	if err := cmp.Or(err, fetchErr); err != nil {
		return results.TimeCell{}, err
	}
	samples, spent, err := timesplit.Split(taken)
	switch {
	case err != nil:
		return results.TimeCell{}, err
	case cell.Resources == nil:
		return results.TimeCell{}, errors.New("no right reply, or its CPU time is not known")
	case samples == 0:
		return results.TimeCell{}, errors.New("a profile without samples")
	}
	return results.TimeCell{
		Server: s.Name, Workload: w, Requests: cell.Load.Requests,
		Resources: cell.Resources, Late: max(0, time.Unix(0, taken.TimeNanos).Sub(began)), Steal: cell.Steal, Others: cell.Others,
		Samples: samples, Spent: spent,
	}, nil
}

// fetchTime is how long a debug server may take beyond the length of a profile.
const fetchTime = 10 * time.Second

// maxProfileBytes bounds a profile that is read. One of a server under load has some tens
// of KiB.
const maxProfileBytes = 64 << 20

// fetch gets a profile from a debug server while a load runs.
type fetch struct {
	url    string
	limit  time.Duration
	client http.Client
	done   chan struct{} // closed when the profile is here; nil: not begun
	taken  *profile.Profile
	err    error
}

// connect opens the connection, so that a server with a busy core begins with the profile
// soon after the request: it would take two turns of its scheduler to accept a connection.
func (f *fetch) connect(ctx context.Context, debug string) error {
	if debug == "" {
		return errors.New("it logged no debug server")
	}
	f.client.Transport = &http.Transport{} // with no proxy
	ctx, cancel := context.WithTimeout(ctx, f.limit)
	defer cancel()
	_, err := f.get(ctx, debug)
	return err
}

// begin asks for the profile. It returns when the request is sent.
func (f *fetch) begin(ctx context.Context) {
	f.done = make(chan struct{})
	sent := make(chan struct{})
	var once sync.Once
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		WroteRequest: func(httptrace.WroteRequestInfo) { once.Do(func() { close(sent) }) }, // it may be sent again
	})
	defer func() {
		select {
		case <-sent:
		case <-f.done:
		}
	}()
	go func() {
		defer close(f.done)
		ctx, cancel := context.WithTimeout(ctx, f.limit)
		defer cancel()
		var text []byte
		if text, f.err = f.get(ctx, f.url); f.err == nil {
			f.taken, f.err = profile.ParseData(text)
		}
	}()
}

// wait returns the profile when it is here.
func (f *fetch) wait() (*profile.Profile, error) {
	if f.done == nil {
		return nil, errors.New("the load ended before its warm-up was over")
	}
	<-f.done
	return f.taken, f.err
}

func (f *fetch) get(ctx context.Context, url string) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	reply, err := f.client.Do(request)
	if err != nil {
		return nil, err
	}
	defer reply.Body.Close()
	text, err := io.ReadAll(io.LimitReader(reply.Body, maxProfileBytes))
	if err == nil && reply.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", url, reply.Status)
	}
	return text, err
}

// timeDigest has the activities that take most time.
func timeDigest(c results.TimeCell) string {
	all := slices.Clone(results.Activities)
	slices.SortStableFunc(all, func(a, b results.Activity) int { return int(c.Spent[b] - c.Spent[a]) })
	var parts []string
	for _, a := range all[:4] {
		parts = append(parts, fmt.Sprintf("%s %s", a, format.Percent(c.PerRequest(a)/c.Total())))
	}
	return strings.Join(parts, ", ")
}
