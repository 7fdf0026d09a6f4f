package experiments

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/ioflavors/ioflavors/common/kv"
	"github.com/ioflavors/ioflavors/common/kvclient"
	"github.com/ioflavors/ioflavors/tools/internal/bench"
	"github.com/ioflavors/ioflavors/tools/internal/proc"
	"github.com/ioflavors/ioflavors/tools/internal/results"
)

// dribblePause is the time between two bytes of a client that sends them one at a
// time.
const dribblePause = 50 * time.Millisecond

// Each of the probes comes ten times a second, by the clock, whatever the server
// does. It connects, asks once, and leaves.
const (
	probes      = 20
	callEvery   = 100 * time.Millisecond
	callTimeout = 10 * time.Second
	callStep    = 50 * time.Millisecond
	probeKey    = "probe"
)

// call sends probes for a time while the attacks are made. Probes must not stay,
// because a server that serves one client at a time would then serve no other
// client. watch is called when an attack begins, and the function that it returns
// when the attack ends; nil: nothing watches the machine.
func call(ctx context.Context, addr string, length time.Duration, attacks []results.Attack, watch func() func(*results.Attack)) (*results.Timeline, error) {
	if err := prepare(ctx, addr); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var (
		wg    sync.WaitGroup
		mu    sync.Mutex
		times = make([][]time.Duration, int(length/callStep))
		line  = &results.Timeline{Step: callStep, Steps: make([]results.Moment, len(times))}
	)
	start := time.Now()
	for i := range probes {
		wg.Go(func() {
			// Spread evenly. Each call has its own goroutine, so a probe that waits
			// for an answer does not delay the next one.
			for due := time.Duration(i) * callEvery / probes; due < length; due += callEvery {
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
					<-ctx.Done() // the server may have closed the connection before
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
		m.Median = results.Median(t)
	}
	return line, context.Cause(ctx)
}

// prepare stores the keys for which probes and the slow reader ask.
func prepare(ctx context.Context, addr string) error {
	c, err := kvclient.Dial(ctx, addr)
	if err != nil {
		return err
	}
	defer c.Close()
	return errors.Join(c.Put(ctx, probeKey, "here"), c.Put(ctx, slowReaderKey, string(make([]byte, slowReaderValue))))
}

func ask(ctx context.Context, addr string) error {
	ctx, cancel := context.WithTimeoutCause(ctx, callTimeout, fmt.Errorf("not answered within %v", callTimeout))
	defer cancel()
	c, err := kvclient.Dial(ctx, addr)
	if err != nil {
		return err
	}
	defer c.Close()
	_, found, err := c.Get(ctx, probeKey)
	if err == nil && !found {
		err = errors.New("a wrong answer: the key is there, and was not found")
	}
	return err
}

// The slow reader's key, the bytes of its value, and the number of its requests: the
// replies are more than the kernel buffers for it.
const (
	slowReaderKey   = "large"
	slowReaderValue = 64 << 10
	slowReaderAsks  = 1000
)

// misbehave carries out the attack until ctx is over, or until the server closes the
// connection.
func misbehave(ctx context.Context, a results.Attack, addr string) {
	var dialer net.Dialer
	c, err := dialer.DialContext(ctx, "tcp", addr)
	if err != nil {
		return
	}
	defer bench.Abort(c)
	stop := context.AfterFunc(ctx, func() { _ = c.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	put := request(kv.Message{Key: []byte("slow"), Value: make([]byte, 1000), Kind: kv.PutOrUpdate})
	switch a.Kind {
	case results.HalfFrame:
		_, _ = c.Write(put[:len(put)/2])
	case results.Dribble:
		for _, b := range put {
			if _, err := c.Write([]byte{b}); err != nil || proc.Sleep(ctx, dribblePause) != nil {
				return
			}
		}
	case results.SlowReader:
		get := request(kv.Message{Key: []byte(slowReaderKey), Kind: kv.Get})
		for range slowReaderAsks {
			if _, err := c.Write(get); err != nil {
				return
			}
		}
	}
	<-ctx.Done()
}

func request(m kv.Message) []byte {
	return kv.AppendFrame(nil, m)
}

func sleepUntil(ctx context.Context, at time.Time) error { return proc.Sleep(ctx, time.Until(at)) }
