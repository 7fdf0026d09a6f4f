//go:build unix && !linux

package proctest

// system is the level of this system.
const system = unixSignals
