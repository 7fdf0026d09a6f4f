package wire

import (
	"errors"

	"github.com/ioflavors/ioflavors/tools/internal/load"
)

const (
	// maxValue is the largest value, in bytes. A template is made by encoding
	// one.
	maxValue = 64 << 20
	// maxKeys: a key takes 17 bytes, and another 8 with Zipf's distribution.
	maxKeys = 10_000_000
	// maxSizes bounds the number of different value sizes. The templates of one
	// size take half a kilobyte.
	maxSizes = 1 << 18
)

// Validate returns an error if New would refuse the workload, or could not make its
// messages in the memory that there is. It names each exceeded bound. Of a valid
// workload, largest is the length in bytes of the part of a message that grows with the
// workload: of the largest value, or of the longest request or reply of the exchanges.
func Validate(w load.Workload) (largest int, err error) {
	if e := w.Exchanges; e != nil {
		if w.Protocol != load.FromFile || len(e.All) != e.Setup+e.Repeated || len(e.All) == 0 {
			return 0, errors.New("load: the workload has no exchanges, or a protocol beside them")
		}
		return e.Largest, nil
	}
	err = errors.Join(
		load.OneOf("protocol", w.Protocol, load.Protocols...),
		load.OneOf("distribution", w.Distribution, load.Uniform, load.Zipfian),
		load.Between("keys", w.Keys, 1, maxKeys, "because all keys are made beforehand, which takes memory and time"),
		load.Between("smallest value size", w.MinValue, 0, maxValue, "because a value has to fit into memory many times over"),
		load.Between("largest value size", w.MaxValue, w.MinValue, maxValue, "because a value has to fit into memory many times over"),
		load.Between("share of puts", w.Puts, 0, 1, "because it is a share"),
	)
	if err == nil {
		err = load.Between("number of value sizes", min(w.Keys, w.MaxValue-w.MinValue+1), 1, maxSizes,
			"because each takes memory: use fewer keys or a smaller range")
	}
	return w.MaxValue, err
}
