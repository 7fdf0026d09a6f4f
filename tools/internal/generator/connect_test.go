package generator

import (
	"net"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A timeout that expired because the generator was stopped says nothing about the
// server.
func TestConnectingIsTriedAgainAfterAStop(t *testing.T) {
	const timeout = 5 * time.Second
	for name, c := range map[string]struct {
		took  time.Duration
		err   error
		tries int
	}{
		"connected":             {took: time.Hour, tries: 1},
		"the server's fault":    {took: timeout, err: os.ErrDeadlineExceeded, tries: 1},
		"it was stopped":        {took: time.Minute, err: os.ErrDeadlineExceeded, tries: 2},
		"refused, after a stop": {took: time.Minute, err: net.ErrClosed, tries: 1},
	} {
		t.Run(name, func(t *testing.T) {
			now, tries := time.Now(), 0
			_, err := dial(timeout, func() time.Time { return now }, func() (net.Conn, error) {
				tries++
				now = now.Add(c.took)
				return nil, c.err
			})
			require.ErrorIs(t, err, c.err)
			assert.Equal(t, c.tries, tries)
		})
	}
}
