package blocking

import (
	"net"
	"net/netip"

	"github.com/ioflavors/ioflavors/common/kvserver"
)

// Remote is a Stream that knows its addresses, as a net.Conn does.
type Remote interface {
	LocalAddr() net.Addr
	RemoteAddr() net.Addr
}

// ends are a connection's addresses: what tells it from all others.
type ends struct{ local, remote netip.AddrPort }

// peer returns the client's address, and what the host knows the connection by; no
// key if there is no limit for addresses, or the client has none.
func (cs *Conns) peer(s Stream) (key any, addr netip.Addr) {
	if !cs.host.PerPeer() {
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

// admit takes a place for a client. Goroutines run in no fixed order: others of the
// client's address may have left before it came and not have noticed yet. They are
// counted as if they had, but nobody waits for them, because an address could keep
// all the others waiting with connections that it only half closes.
func (cs *Conns) admit(s Stream) (refusal string, peerFull bool) {
	key, addr := cs.peer(s)
	if key == nil {
		return cs.host.Admit(), false
	}
	refusal, peerFull = cs.host.AdmitPeer(key, addr, 0)
	if peerFull {
		leaving := cs.leaving(func(other Stream) bool {
			_, of := cs.peer(other)
			return kvserver.SamePeer(of, addr)
		})
		refusal, peerFull = cs.host.AdmitPeer(key, addr, leaving)
	}
	return refusal, peerFull
}

func anyStream(Stream) bool { return true }
