package blocking

import (
	"net"
	"net/netip"

	"github.com/ioflavors/ioflavors/common/server"
)

// Remote is a Stream that knows its addresses, as a net.Conn does.
type Remote interface {
	LocalAddr() net.Addr
	RemoteAddr() net.Addr
}

// ends are a connection's two addresses, which identify it.
type ends struct{ local, remote netip.AddrPort }

// peer returns the client's address, and the key by which the core knows the
// connection. The key is nil if there is no limit for addresses, or the client has no
// TCP address.
func (cs *Conns) peer(s Stream) (key any, addr netip.Addr) {
	if !cs.core.PerPeer() {
		return nil, netip.Addr{}
	}
	r, ok := s.(Remote)
	if !ok {
		return nil, netip.Addr{}
	}
	local, isTCP := r.LocalAddr().(*net.TCPAddr)
	remote, both := r.RemoteAddr().(*net.TCPAddr)
	if !isTCP || !both {
		return nil, netip.Addr{}
	}
	e := ends{local.AddrPort(), remote.AddrPort()}
	return e, e.remote.Addr()
}

// admit takes a place for a client. Goroutines run in no fixed order: other clients of
// its address may have left before it came, although their goroutines have not noticed
// yet. Their places count as free. But admit does not wait for their connections to
// close, because one address could make all others wait with half-closed connections.
func (cs *Conns) admit(s Stream) (refusal string, peerFull bool) {
	key, addr := cs.peer(s)
	if key == nil {
		return cs.core.Admit(), false
	}
	refusal, peerFull = cs.core.AdmitPeer(key, addr, 0)
	if !peerFull {
		return refusal, false
	}
	// Under the lock, no connection of the address can close between the count and the
	// decision, and so count as leaving and as closed.
	cs.mu.Lock()
	defer cs.mu.Unlock()
	leaving := cs.leaving(func(other Stream) bool {
		_, of := cs.peer(other)
		return server.SamePeer(of, addr)
	})
	return cs.core.AdmitPeer(key, addr, leaving)
}

func anyStream(Stream) bool { return true }
