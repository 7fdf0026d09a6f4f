package proc

// Pinning says on which core the servers run, and on which one the load. If there are
// two cores, each has one of its own: neither takes time from the other, and a server
// cannot buy speed with a second core.
type Pinning struct {
	On           bool
	server, load int // numbers of cores, as the system counts them
	// More are further cores for the servers, if the user asks for them.
	More []int
	all  []int // that the lab may use
}

// Everywhere returns pins that let servers use all cores, the load's included.
// Without pins, servers may already.
func (p Pinning) Everywhere() Pinning {
	p.More = p.all
	return p
}
