package netfault

import (
	"context"
	"math/rand/v2"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/ioflavors/ioflavors/common/servertest"
)

// In the middle of a history nothing gets through for five seconds. Then all
// connections continue, and the clients that connected meanwhile are served.
func TestPartition(t *testing.T) {
	inNamespace(t)
	const (
		before = 5   // visits of each client
		after  = 5   // visits that begin after the cut
		most   = 500 // visits until the cut
	)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	f := newFirewall(t)
	retransmissions := retransmitted(t)
	warm := make(chan struct{})      // receives from each client after some visits
	cut := make(chan struct{})       // closed when nothing gets through any more
	partition := make(chan struct{}) // closed when the partition is over
	begin := time.Now()
	var mended time.Time // valid after partition
	t.Run("variants", func(t *testing.T) {
		t.Run("partition", func(t *testing.T) {
			t.Parallel()
			defer close(partition)
			const clients = 8 // of a history
			for range clients * len(variants) {
				select {
				case <-warm:
				case <-ctx.Done():
					close(cut)
					t.Fatal("not all clients have come")
				}
			}
			f.drop("")
			close(cut)
			time.Sleep(5 * time.Second) // this is the fault, not a synchronisation
			t.Attr("packets_lost", strconv.Itoa(f.mend()))
			mended = time.Now()
		})
		for _, v := range variants {
			t.Run(v.name, func(t *testing.T) {
				t.Parallel()
				srv := v.start(t, "127.0.0.1:0", nil)
				var mu sync.Mutex
				left := make(map[int]int) // visits that each client still makes
				seed := rand.Uint64()
				o := servertest.History{Addr: srv.addr, Seed: seed, More: func(client, n int) bool {
					if n == before {
						select {
						case warm <- struct{}{}:
						case <-ctx.Done():
						}
					}
					if n == most {
						<-cut
					}
					select {
					case <-cut:
					default:
						return true // so that some clients are in the middle of a visit
					}
					mu.Lock()
					defer mu.Unlock()
					if _, ok := left[client]; !ok {
						left[client] = after
					}
					left[client]--
					return left[client] >= 0
				}}.Run(ctx)
				assert.Empty(t, o.Failure, "seed %d", seed)
				<-partition
				srv.settle(ctx, t)
				t.Attr("operations", strconv.Itoa(o.Operations))
				t.Attr("unanswered", strconv.Itoa(o.Unanswered))
				t.Attr("seconds_after_partition", seconds(time.Since(mended)))
			})
		}
	})
	t.Attr("retransmissions", strconv.Itoa(retransmitted(t)-retransmissions))
	t.Attr("seconds", seconds(time.Since(begin)))
}
