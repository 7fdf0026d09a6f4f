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

// One packet in twenty is lost, in both directions, while some clients put and
// get, and others connect only to reset. Every client gets the right reply or
// none. All variants run at the same time, because they mostly wait.
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

				// A lost reset is not sent again. In a model that serves one client at a
				// time, the others then wait until the server's keep-alive probes find that
				// the client is gone.
				visits, visitors := 30, 500
				if v.OneAtATime() {
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

				// The server also notices that the last clients have gone.
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

// churn connects clients one after the other, and resets them: at once, with
// a request in flight, or after a reply and inside the next frame. It returns
// the number of resets.
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
