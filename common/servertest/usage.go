package servertest

// resources are counts of what a process holds.
type resources struct{ descriptors, threads int }
