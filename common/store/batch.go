package store

// Batcher is a Store for which several requests together cost little more than one,
// because they are one round trip to another server, or one write to a disk. Protocols
// give it the requests of a connection that came together.
//
// The operations of a call may be done in any order, but those on one key in theirs.
type Batcher interface {
	// GetAll looks up all keys.
	GetAll(ops []Op)
	// PutAll puts all values.
	PutAll(ops []Op)
	// Itself returns the store that these methods belong to: see Fitter.
	Itself() Store
}

// Op is one operation of a batch.
type Op struct {
	Key []byte
	// Value is what to put. GetAll sets it to memory of its own.
	Value []byte
	Found bool  // set by GetAll
	Err   error // set by both: see Store
}

// MaxGets and MaxPuts bound a batch. The values that are found are in memory that no
// limit of the server's counts; those to put lie in buffers that it counts.
const (
	MaxGets = 16
	MaxPuts = 128
)
