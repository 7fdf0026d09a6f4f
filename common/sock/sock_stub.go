//go:build !unix

package sock

import (
	"math"
	"net"
	"time"
)

// Supported says whether this system has descriptors to do I/O on.
const Supported = false

func Read(int, []byte) (int, error)          { return 0, ErrUnsupported }
func Write(int, []byte) (int, error)         { return 0, ErrUnsupported }
func BlockingRead(int, []byte) (int, error)  { return 0, ErrUnsupported }
func BlockingWrite(int, []byte) (int, error) { return 0, ErrUnsupported }
func Accept(int) (int, error)                { return -1, ErrUnsupported }
func Exhausted(error) bool                   { return false }
func CloseWrite(int) error                   { return ErrUnsupported }
func Close(int) error                        { return ErrUnsupported }
func Blocking(net.Conn) (int, error)         { return -1, ErrUnsupported }
func SetTimeouts(int, time.Duration) error   { return ErrUnsupported }
func Listener(net.Listener) (int, error)     { return -1, ErrUnsupported }
func DescriptorLimit() int                   { return math.MaxInt32 }
func TuneListener(net.Listener, int) error   { return nil }

// Thread cannot be interrupted on this system.
type Thread struct{}

func CurrentThread() Thread        { return Thread{} }
func (Thread) Interrupt(int) error { return ErrUnsupported }
