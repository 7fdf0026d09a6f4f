//go:build !linux

package ring

import (
	"fmt"
	"runtime"
	"time"
)

// Ring is an io_uring, which this system does not have.
type Ring struct{}

// Open always fails.
func Open(Config) (*Ring, error) { return nil, Available() }

// Available returns the reason, as an error that wraps ErrUnavailable.
func Available() error {
	return fmt.Errorf("%w: it is part of Linux, and this is %s", ErrUnavailable, runtime.GOOS)
}

func (*Ring) Accept(int, Token)                        {}
func (*Ring) Recv(int, Token)                          {}
func (*Ring) Send(int, []byte, Token)                  {}
func (*Ring) Writable(int, Token)                      {}
func (*Ring) Cancel(Token)                             {}
func (*Ring) Wait(time.Duration) ([]Completion, error) { return nil, Available() }
func (*Ring) Behind() bool                             { return false }
func (*Ring) Buffer(int) []byte                        { return nil }
func (*Ring) Return(int)                               {}
func (*Ring) Wake()                                    {}
func (*Ring) Close() error                             { return nil }
