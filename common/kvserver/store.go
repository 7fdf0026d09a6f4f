package kvserver

import (
	"errors"

	"github.com/ioflavors/ioflavors/common/store"
)

// putFailed tells the server's owner of a store that is full.
func (h *Host) putFailed(err error) {
	if !errors.Is(err, store.ErrFull) {
		return
	}
	n := h.storeFull.Add(1)
	if suppressed, ok := h.storeLog.allow(h.Since()); ok {
		h.log.Warn("the store is full; puts get an error", "error", err, "puts", n, "suppressed", suppressed)
	}
}
