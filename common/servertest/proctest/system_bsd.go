//go:build unix && !linux

package proctest

// system is what this one has.
const system = unixSignals
