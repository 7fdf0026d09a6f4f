package server

import (
	"fmt"
	"net/netip"
	"sync"
)

// peers counts the connections of each address, if there is a limit.
//
// An IPv6 address counts by its first 64 bits, because a subscriber has at least all
// the addresses that share them. Many subscribers may share one IPv4 address, so the
// limit has no default.
type peers struct {
	mu    sync.Mutex
	count map[netip.Prefix]int
	of    map[any]netip.Prefix // by the model's key for a connection
}

// peerOf returns the prefix that an address counts as.
func peerOf(addr netip.Addr) netip.Prefix {
	addr = addr.Unmap()
	bits := addr.BitLen()
	if addr.Is6() {
		bits = 64
	}
	p, _ := addr.WithZone("").Prefix(bits)
	return p
}

// SamePeer reports whether two addresses count as one for MaxConnsPerPeer.
func SamePeer(a, b netip.Addr) bool { return peerOf(a) == peerOf(b) }

// PerPeer reports whether connections are limited by address. Only then must a model
// find out addresses, for AdmitPeer.
func (core *Core) PerPeer() bool { return core.Limits.MaxConnsPerPeer > 0 }

// AdmitPeer is Admit for a client whose address is known. leaving is how many
// connections of that address the model is about to close; the limit grows by that
// number, up to twice the limit. peerFull reports that only the address's limit refuses
// the client. key is the model's key for the connection, for LeavePeer. An invalid
// address has no limit.
func (core *Core) AdmitPeer(key any, addr netip.Addr, leaving int) (refusal string, peerFull bool) {
	if !core.PerPeer() || !addr.IsValid() {
		return core.Admit(), false
	}
	if !core.peers.take(key, peerOf(addr), core.Limits.MaxConnsPerPeer, leaving) {
		return fmt.Sprintf("all %d connections of this address are in use", core.Limits.MaxConnsPerPeer), true
	}
	if refusal = core.Admit(); refusal != "" {
		core.LeavePeer(key)
	}
	return refusal, false
}

// take counts a connection of a peer, if the peer has fewer than most+min(leaving,
// most) connections.
func (p *peers) take(key any, peer netip.Prefix, most, leaving int) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.count[peer] >= most+min(leaving, most) {
		return false
	}
	if p.count == nil {
		p.count, p.of = make(map[netip.Prefix]int), make(map[any]netip.Prefix)
	}
	p.count[peer]++
	p.of[key] = peer
	return true
}

// LeavePeer undoes AdmitPeer for the key, if that took anything. Call it before another
// connection can have the key.
func (core *Core) LeavePeer(key any) {
	if !core.PerPeer() {
		return
	}
	core.peers.mu.Lock()
	defer core.peers.mu.Unlock()
	peer, ok := core.peers.of[key]
	if !ok {
		return
	}
	delete(core.peers.of, key)
	if core.peers.count[peer]--; core.peers.count[peer] == 0 {
		delete(core.peers.count, peer)
	}
}
