//go:build !unix

package sock

import (
	"errors"
	"math"
	"net"
	"net/netip"
	"time"
)

// Supported reports whether this system has descriptors for I/O.
const Supported = false

func BlockingRead(int, []byte) (int, error)  { return 0, ErrUnsupported }
func BlockingWrite(int, []byte) (int, error) { return 0, ErrUnsupported }
func TryRead(int, []byte) (int, error)       { return 0, ErrUnsupported }
func TryWrite(int, []byte) (int, error)      { return 0, ErrUnsupported }
func Blocking(net.Conn) (int, error)         { return -1, ErrUnsupported }
func SetTimeouts(int, time.Duration) error   { return ErrUnsupported }
func DescriptorLimit() int                   { return math.MaxInt32 }
func SetBacklog(net.Listener, int) error     { return nil }
func Acceptable(net.Listener) bool           { return false } // unknown
func Tune(net.Conn)                          {}

type system struct{ Kernel } // nil: no call reaches it

func (Calls) Listen(net.Listener) (int, error) { return -1, ErrUnsupported }
func (Calls) Accept(int) (int, error)          { return -1, ErrUnsupported }
func (Calls) Read(int, []byte) (int, error)    { return 0, ErrUnsupported }
func (Calls) Write(int, []byte) (int, error)   { return 0, ErrUnsupported }
func (Calls) CloseWrite(int) error             { return ErrUnsupported }
func (Calls) Close(int) error                  { return ErrUnsupported }
func (Calls) Tune(int)                         {}
func (Calls) Peer(int) netip.Addr              { return netip.Addr{} }

// Transient treats every error as transient, except that of a closed listener.
func Transient(err error) bool { return !errors.Is(err, net.ErrClosed) }

// Fault does not know this system's errors: it attributes all to the network.
func Fault(error) bool { return false }

// Thread is a stub: a thread cannot be interrupted on this system.
type Thread struct{}

func CurrentThread() Thread        { return Thread{} }
func (Thread) Interrupt(int) error { return ErrUnsupported }
