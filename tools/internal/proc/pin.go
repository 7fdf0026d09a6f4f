package proc

// Pinning says which core the servers run on, and which one the load. Both
// have one of their own where there are two, so that neither takes time from
// the other, and so that a server cannot buy speed with a second core.
type Pinning struct {
	On           bool
	server, load int // numbers of cores, as the system counts them
	// More are the servers' further cores: none but where someone asks for them.
	More []int
	all  []int // that the lab may use
}

// Everywhere lets servers use all cores, and so that of the load, too. Without
// pins they may already.
func (p Pinning) Everywhere() Pinning {
	p.More = p.all
	return p
}
