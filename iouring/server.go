package iouring

import (
	"fmt"
	"net"

	"github.com/ioflavors/ioflavors/common/kvserver"
	"github.com/ioflavors/ioflavors/iouring/ring"
)

// Config is a server's configuration; the zero value is a good one.
type Config struct{ kvserver.Config }

// Server has the kernel serve its clients' sockets. Its methods are those of
// kvserver.Server: ListenAndServe, Serve, Shutdown, Close and Stats. Where there
// is no io_uring, Serve returns an error that wraps kvserver.ErrUnavailable.
type Server struct{ kvserver.Lifecycle }

// New returns a server that is not listening yet.
func New(cfg Config) *Server {
	host := kvserver.NewHost(cfg.Config, kvserver.Traits{}, 1)
	return &Server{host.Lifecycle(&model{host: host})}
}

// Available returns why a server cannot serve here, as an error that wraps
// kvserver.ErrUnavailable; nil if it can.
func Available() error { return unavailable(ring.Available()) }

func unavailable(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%w: %w", kvserver.ErrUnavailable, err)
}

type model struct{ host *kvserver.Host }

// Run serves nobody yet.
func (m *model) Run(net.Listener) error { return Available() }

// Wake has nobody to wake yet.
func (m *model) Wake() {}
