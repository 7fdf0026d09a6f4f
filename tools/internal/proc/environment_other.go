//go:build !linux

package proc

func kernel() string   { return "" }
func cpuModel() string { return "" }

func ReadClocks() (c Clocks, known bool) { return Clocks{}, false }
