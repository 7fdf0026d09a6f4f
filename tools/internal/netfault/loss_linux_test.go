package netfault

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/common/conformance/probe"
	"github.com/ioflavors/ioflavors/common/servertest"
)

// One packet in twenty is lost, in both directions, while clients put and get,
// and others come only to reset: every answer is the right one, or there is
// none. All variants are tested at the same time, for most of it is waiting.
func TestLoss(t *testing.T) {
	inNamespace(t)
	f := newFirewall(t)
	before := retransmitted(t)
	f.drop("numgen random mod 100 < 5")
	begin := time.Now()
	var operations, resets atomic.Int64
	t.Run("variants", func(t *testing.T) {
		for _, v := range variants {
			t.Run(v.name, func(t *testing.T) {
				t.Parallel()
				begin := time.Now()
				ctx, cancel := context.WithTimeout(context.Background(), patience)
				defer cancel()
				srv := v.start(t, "127.0.0.1:0", nil)

				// A reset that is lost is not sent again. Where one client
				// is served at a time, the others then wait until the
				// server asks the one whether it is still there.
				visits, visitors := 30, 500
				if v.oneAtATime {
					visits, visitors = 6, 10
				}
				churned := make(chan int, 1)
				churning, stop := context.WithCancel(ctx)
				go func() { churned <- churn(churning, srv.addr, visitors) }()
				seed := rand.Uint64()
				o := servertest.History{
					Addr: srv.addr,
					Seed: seed,
					More: func(_, n int) bool { return n < visits },
				}.Run(ctx)
				made := time.Since(begin)
				stop()
				reset := <-churned
				assert.Empty(t, o.Failure, "seed %d", seed)

				// The last of those who are gone are noticed too.
				st := srv.settle(ctx, t)
				operations.Add(int64(o.Operations))
				resets.Add(int64(reset))
				t.Attr("operations", strconv.Itoa(o.Operations))
				t.Attr("unanswered", strconv.Itoa(o.Unanswered))
				t.Attr("churn", strconv.Itoa(reset))
				t.Attr("closed", fmt.Sprint(st.Closed))
				t.Attr("seconds", seconds(made))
				t.Attr("seconds_until_all_were_noticed", seconds(time.Since(begin)))
			})
		}
	})
	lost := f.mend()
	require.Positive(t, lost)
	t.Attr("operations", strconv.FormatInt(operations.Load(), 10))
	t.Attr("churn", strconv.FormatInt(resets.Load(), 10))
	t.Attr("packets_lost", strconv.Itoa(lost))
	t.Attr("retransmissions", strconv.Itoa(retransmitted(t)-before))
	t.Attr("seconds", seconds(time.Since(begin)))
}

// churn has clients, one after the other, come and reset: at once, with a
// request under way, or after an answer and inside the next frame. It returns
// how many there were.
func churn(ctx context.Context, addr string, most int) (resets int) {
	get := probe.Get("churn")
	for resets < most && ctx.Err() == nil {
		_ = probe.Try(func(t probe.T) {
			c := probe.Dial(ctx, t, addr)
			switch resets % 3 {
			case 1:
				c.Send(get)
			case 2:
				c.Send(get)
				c.Receive()
				c.Send(get[:10])
			}
			c.Reset()
			resets++
		})
	}
	return resets
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.1f", d.Seconds()) }
