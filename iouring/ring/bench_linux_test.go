package ring

import (
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// BenchmarkRoundTrip sends one request at a time over TCP, which a ring answers, or
// blocking calls of read and write. The client blocks in the same calls in both cases,
// so it costs the same.
func BenchmarkRoundTrip(b *testing.B) {
	b.Run("by=ring", func(b *testing.B) {
		r := openFor(b, Config{Entries: 64, Completions: 256, Buffers: 64, BufferSize: 4096})
		ours, theirs := tcpPair(b)
		r.Recv(ours, NewToken(0, 0, Recv))
		b.ReportAllocs()
		client := startClient(b, theirs, b.N)
		for n := 0; n < b.N; {
			done, err := r.Wait(-1)
			require.NoError(b, err)
			for _, c := range done {
				id, _ := c.Buffer()
				r.Send(ours, r.Buffer(id)[:c.Result], NewToken(0, 0, Send))
				r.Return(id)
				n++
			}
		}
		_, err := r.Wait(0)
		require.NoError(b, err)
		<-client
	})
	b.Run("by=blocking", func(b *testing.B) {
		ours, theirs := tcpPair(b)
		client := startClient(b, theirs, b.N)
		buf := make([]byte, 4096)
		for range b.N {
			n, _, errno := unix.RawSyscall(unix.SYS_READ, uintptr(ours), uintptr(unsafe.Pointer(&buf[0])), uintptr(len(buf)))
			require.Zero(b, errno)
			_, _, errno = unix.RawSyscall(unix.SYS_WRITE, uintptr(ours), uintptr(unsafe.Pointer(&buf[0])), n)
			require.Zero(b, errno)
		}
		<-client
	})
}

// startClient sends count requests, each after the answer to the last.
func startClient(b *testing.B, fd, count int) <-chan struct{} {
	done := make(chan struct{})
	go func() {
		defer close(done)
		msg, buf := make([]byte, 100), make([]byte, 4096)
		for range count {
			if _, err := unix.Write(fd, msg); err != nil {
				b.Error(err)
				return
			}
			if _, err := unix.Read(fd, buf); err != nil {
				b.Error(err)
				return
			}
		}
	}()
	return done
}
