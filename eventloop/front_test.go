package eventloop

import (
	"net"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/common/kvserver"
	"github.com/ioflavors/ioflavors/eventloop/poller"
)

// counting is a poller on which nothing happens. It counts how often it is woken.
type counting struct {
	watcher
	woken int
}

func (c *counting) Add(int, poller.Mask) error { return nil }
func (c *counting) Wake()                      { c.woken++ }

// The clients that were held were judged, the next one was held in the same turn, and
// the second loop, which was not told of it, slept on: nobody was accepted any more.
func TestEveryHeldClientHasAllLoopsLook(t *testing.T) {
	var pollers []*counting
	k := system
	k.newWatcher = func(int) (watcher, error) {
		p := new(counting)
		pollers = append(pollers, p)
		return p, nil
	}
	host := kvserver.NewHost(kvserver.Config{}, kvserver.Traits{Threads: true}, 2)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	loops, err := (&model{host: host, count: 2, kernel: k}).open(ln)
	require.NoError(t, err)
	f := loops[0].front
	defer f.Close()

	for held := 1; held < 4; held++ {
		f.Hold(held)
		f.hold()
		assert.Equal(t, held, pollers[1].woken)
		f.hold()
		assert.Equal(t, held, pollers[1].woken, "it has been told")
		f.Judge(f.Held(), func(int, string) {}) // and the next one comes in the same turn
	}
}
