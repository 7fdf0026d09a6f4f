package servertest

// resources are the numbers of descriptors and threads of a process.
type resources struct{ descriptors, threads int }
