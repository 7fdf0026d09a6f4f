package iouring

import (
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/common/kvserver"
	"github.com/ioflavors/ioflavors/common/servertest"
	"github.com/ioflavors/ioflavors/iouring/ring"
)

// crowded is a ring that has more to tell after every Wait.
type crowded struct{ uring }

func (c crowded) Wait(time.Duration) ([]ring.Completion, error) {
	done, err := c.uring.Wait(0)
	for range 20 {
		// Of a client that has left: generations begin with 1.
		done = append(done, ring.Completion{Token: ring.NewToken(0, 0, ring.Recv), Result: 1, Flags: ring.FlagMore})
	}
	return done, err
}

func (crowded) Behind() bool { return true }

// Where the kernel always has more to tell, clocks are looked at once what there
// was at a time must have been told.
func TestClocksAreLookedAtHoweverManyAreBusy(t *testing.T) {
	Need(t)
	srv := newServer(Config{Config: kvserver.Config{Limits: kvserver.Limits{IdleTimeout: time.Millisecond}}}, kernel{
		calls: system.calls,
		open: func() (uring, error) {
			r, err := system.open()
			return crowded{r}, err
		},
	})
	addr := servertest.Serve(t, srv)

	client, err := net.Dial("tcp", addr)
	require.NoError(t, err)
	defer client.Close()
	require.NoError(t, client.SetReadDeadline(time.Now().Add(30*time.Second)))
	_, err = client.Read(make([]byte, 1))
	assert.ErrorContains(t, err, "EOF", "it was idle")
}
