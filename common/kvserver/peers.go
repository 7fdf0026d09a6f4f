package kvserver

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
func (h *Host) PerPeer() bool { return h.Limits.MaxConnsPerPeer > 0 }

// AdmitPeer is Admit for a client whose address is known. leaving is how many
// connections of that address the model is about to close; the limit grows by that
// number, up to twice the limit. peerFull reports that only the address's limit refuses
// the client. key is the model's key for the connection, for LeavePeer. An invalid
// address has no limit.
func (h *Host) AdmitPeer(key any, addr netip.Addr, leaving int) (refusal string, peerFull bool) {
	if !h.PerPeer() || !addr.IsValid() {
		return h.Admit(), false
	}
	if !h.peers.take(key, peerOf(addr), h.Limits.MaxConnsPerPeer, leaving) {
		return fmt.Sprintf("all %d connections of this address are in use", h.Limits.MaxConnsPerPeer), true
	}
	if refusal = h.Admit(); refusal != "" {
		h.LeavePeer(key)
	}
	return refusal, false
}

// take counts a connection of a peer, if the peer has fewer than most+min(leaving,
// most).
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
func (h *Host) LeavePeer(key any) {
	if !h.PerPeer() {
		return
	}
	h.peers.mu.Lock()
	defer h.peers.mu.Unlock()
	peer, ok := h.peers.of[key]
	if !ok {
		return
	}
	delete(h.peers.of, key)
	if h.peers.count[peer]--; h.peers.count[peer] == 0 {
		delete(h.peers.count, peer)
	}
}
