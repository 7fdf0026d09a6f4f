package lab

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/ioflavors/ioflavors/common/frame"
	"github.com/ioflavors/ioflavors/common/kv"
	"github.com/ioflavors/ioflavors/common/kvclient"
)

// Timeline is what callers saw, in steps by the time when they were due.
type Timeline struct {
	Step  time.Duration `json:"step_ns"`
	Steps []Moment      `json:"steps"`
	// First is the first error of those in Failed.
	First string `json:"first_error,omitempty"`
}

// Moment is a step of a Timeline.
type Moment struct {
	Calls  int           `json:"calls"`            // that were answered
	Failed int           `json:"failed,omitempty"` // or not answered at all
	Worst  time.Duration `json:"worst_ns"`         // the longest time from when it was due
	Median time.Duration `json:"median_ns"`        // of those times
	// Late is how late a caller began to ask, at worst: the part of Worst that is
	// the lab's own.
	Late time.Duration `json:"late_ns,omitempty"`
}

// Worst returns the longest response time of callers who were due from one time
// until another.
func (t *Timeline) Worst(from, until time.Duration) (worst time.Duration) {
	for i, m := range t.Steps {
		if at := time.Duration(i) * t.Step; at >= from && at < until {
			worst = max(worst, m.Worst)
		}
	}
	return worst
}

// late returns how late callers began to ask, at worst, who were due meanwhile.
func (t *Timeline) late(from, until time.Duration) (late time.Duration) {
	for i, m := range t.Steps {
		if at := time.Duration(i) * t.Step; at >= from && at < until {
			late = max(late, m.Late)
		}
	}
	return late
}

func (t *Timeline) Failed() (n int) {
	for _, m := range t.Steps {
		n += m.Failed
	}
	return n
}

// Attack is a client that misbehaves for a while.
type Attack struct {
	Kind  AttackKind    `json:"kind"`
	From  time.Duration `json:"from_ns"` // since the callers' first
	Until time.Duration `json:"until_ns"`
	// Waited is how long the server's threads were ready to run meanwhile and had
	// no core, added up, and Steal the share of the CPU time that the host took; 0
	// and nil if that is not known.
	Waited time.Duration `json:"server_waited_ns,omitempty"`
	Steal  *float64      `json:"steal,omitempty"`
}

// AttackKind is how a client misbehaves.
type AttackKind string

const (
	IdleClient   AttackKind = "connects and says nothing"
	HalfFrame    AttackKind = "sends half a frame"
	Dribble      AttackKind = "sends a byte at a time"
	DeafReader   AttackKind = "asks for much and does not read"
	dribblePause            = 50 * time.Millisecond
)

// The callers: each comes ten times a second, by the clock and not when the
// server has time for him, asks once, and goes.
const (
	callers     = 20
	callEvery   = 100 * time.Millisecond
	callTimeout = 10 * time.Second
	callStep    = 50 * time.Millisecond
	callerKey   = "caller"
)

// call has callers come for a time while the attacks are made. Where clients
// are served one at a time they must not stay, or nobody else would have a turn.
// watch is called when an attack begins, and what it returns when it ends; nil: the
// machine is not watched.
func call(ctx context.Context, addr string, length time.Duration, attacks []Attack, watch func() func(*Attack)) (*Timeline, error) {
	if err := prepare(ctx, addr); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var (
		wg    sync.WaitGroup
		mu    sync.Mutex
		times = make([][]time.Duration, int(length/callStep))
		line  = &Timeline{Step: callStep, Steps: make([]Moment, len(times))}
	)
	start := time.Now()
	for i := range callers {
		wg.Go(func() {
			// Spread evenly, and each call on its own: who waits for an answer
			// does not keep the next one from coming.
			for due := time.Duration(i) * callEvery / callers; due < length; due += callEvery {
				if sleepUntil(ctx, start.Add(due)) != nil {
					return
				}
				wg.Go(func() {
					late := time.Since(start) - due
					err := ask(ctx, addr)
					took := time.Since(start) - due
					mu.Lock()
					defer mu.Unlock()
					m := int(due / callStep)
					line.Steps[m].Late = max(line.Steps[m].Late, late)
					if err != nil {
						line.Steps[m].Failed++
						if line.First == "" {
							line.First = err.Error()
						}
						return
					}
					times[m] = append(times[m], took)
				})
			}
		})
	}
	for i := range attacks {
		wg.Go(func() {
			a := &attacks[i]
			if sleepUntil(ctx, start.Add(a.From)) != nil {
				return
			}
			ctx, cancel := context.WithDeadline(ctx, start.Add(a.Until))
			defer cancel()
			if watch != nil {
				end := watch()
				defer func() {
					<-ctx.Done() // the server may have had enough before
					end(a)
				}()
			}
			misbehave(ctx, *a, addr)
		})
	}
	wg.Wait()
	for i, t := range times {
		if len(t) == 0 {
			continue
		}
		m := &line.Steps[i]
		m.Calls = len(t)
		for _, took := range t {
			m.Worst = max(m.Worst, took)
		}
		m.Median = median(t)
	}
	return line, context.Cause(ctx)
}

// prepare stores what callers ask for, and what a deaf reader does.
func prepare(ctx context.Context, addr string) error {
	c, err := kvclient.Dial(ctx, addr)
	if err != nil {
		return err
	}
	defer c.Close()
	return errors.Join(c.Put(ctx, callerKey, "here"), c.Put(ctx, deafKey, string(make([]byte, deafValue))))
}

func ask(ctx context.Context, addr string) error {
	ctx, cancel := context.WithTimeoutCause(ctx, callTimeout, fmt.Errorf("not answered within %v", callTimeout))
	defer cancel()
	c, err := kvclient.Dial(ctx, addr)
	if err != nil {
		return err
	}
	defer c.Close()
	_, found, err := c.Get(ctx, callerKey)
	if err == nil && !found {
		err = errors.New("a wrong answer: the key is there, and was not found")
	}
	return err
}

// What a deaf reader asks for, in bytes, and how often: more than the kernel
// takes for him.
const (
	deafKey   = "large"
	deafValue = 64 << 10
	deafAsks  = 1000
)

// misbehave misbehaves until ctx is over, or the server has had enough.
func misbehave(ctx context.Context, a Attack, addr string) {
	var dialer net.Dialer
	c, err := dialer.DialContext(ctx, "tcp", addr)
	if err != nil {
		return
	}
	defer abort(c)
	stop := context.AfterFunc(ctx, func() { _ = c.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	put := request(kv.Message{Key: []byte("slow"), Value: make([]byte, 1000), Kind: kv.PutOrUpdate})
	switch a.Kind {
	case HalfFrame:
		_, _ = c.Write(put[:len(put)/2])
	case Dribble:
		for _, b := range put {
			if _, err := c.Write([]byte{b}); err != nil || sleep(ctx, dribblePause) != nil {
				return
			}
		}
	case DeafReader:
		get := request(kv.Message{Key: []byte(deafKey), Kind: kv.Get})
		for range deafAsks {
			if _, err := c.Write(get); err != nil {
				return
			}
		}
	}
	<-ctx.Done()
}

func request(m kv.Message) []byte {
	out, mark := frame.Begin(nil)
	return frame.End(kv.AppendMessage(out, m), mark)
}

func sleepUntil(ctx context.Context, at time.Time) error { return sleep(ctx, time.Until(at)) }
