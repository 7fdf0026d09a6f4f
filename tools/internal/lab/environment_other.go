//go:build !linux

package lab

func kernel() string   { return "" }
func cpuModel() string { return "" }

func readClocks() (c clocks, known bool) { return clocks{}, false }
