package server

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestAnAddressHasNoMoreThanItsConnections(t *testing.T) {
	bubble(t, Limits{MaxConnsPerPeer: 2}, func(t *testing.T, core *Core) {
		admit := func(key int, addr string, leaving int) bool {
			refusal, full := core.AdmitPeer(key, netip.MustParseAddr(addr), leaving)
			assert.Equal(t, refusal != "", full)
			return !full
		}
		assert.True(t, admit(1, "192.0.2.1", 0))
		assert.True(t, admit(2, "::ffff:192.0.2.1", 0), "the same, as a socket for both versions has it")
		assert.False(t, admit(3, "192.0.2.1", 0))
		assert.True(t, admit(4, "192.0.2.2", 0))
		assert.True(t, admit(5, "2001:db8::1", 0))
		assert.True(t, admit(6, "2001:db8::1:2:3:4", 0))
		assert.False(t, admit(7, "2001:db8::5", 0), "of the same /64")
		assert.True(t, admit(8, "2001:db8:0:1::1", 0))

		core.LeavePeer(3) // this connection was refused
		assert.False(t, admit(3, "192.0.2.1", 0))
		core.LeavePeer(1)
		core.LeavePeer(1)
		assert.True(t, admit(9, "192.0.2.1", 0))
		assert.False(t, admit(10, "192.0.2.1", 0))

		assert.True(t, admit(11, "192.0.2.1", 1), "one is about to be closed")
		assert.True(t, admit(12, "192.0.2.1", 9))
		assert.False(t, admit(13, "192.0.2.1", 9), "twice as many, not more")

		refusal, _ := core.AdmitPeer(14, netip.Addr{}, 0)
		assert.Empty(t, refusal, "it has no address")
		for key := range 20 {
			core.LeavePeer(key)
		}
		assert.Empty(t, core.peers.count)
		assert.Empty(t, core.peers.of)
		assert.EqualValues(t, 10, core.places.Load(), "a refused client takes no place")
	})
}

// A client that was refused for its address once kept the thread that was taken for it.
// After a few hundred of them no thread was left for any client.
func TestWhoIsRefusedForItsAddressTakesNothing(t *testing.T) {
	taken := 0
	traits := Traits{Admit: func() string { taken++; return "" }}
	core := NewCore(Config{Limits: Limits{MaxConnsPerPeer: 1, MaxConns: 2}}, traits, 1)
	addr := netip.MustParseAddr("192.0.2.1")
	refusal, full := core.AdmitPeer(1, addr, 0)
	assert.Empty(t, refusal)
	assert.False(t, full)
	refusal, full = core.AdmitPeer(2, addr, 0)
	assert.Equal(t, "all 1 connections of this address are in use", refusal)
	assert.True(t, full)
	assert.Equal(t, 1, taken)

	assert.Empty(t, core.Admit())
	other := netip.MustParseAddr("192.0.2.2")
	refusal, full = core.AdmitPeer(3, other, 0)
	assert.Equal(t, "all 2 connections are in use", refusal)
	assert.False(t, full)
	assert.NotContains(t, core.peers.of, any(3), "nor does its address have a connection")
}
