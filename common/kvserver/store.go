package kvserver

import (
	"errors"

	"github.com/ioflavors/ioflavors/common/store"
)

// storeFailed tells the server's owner of the store's error, which clients are not
// told. The text is made now, because the log is written on another goroutine, and the
// error is the store's.
func (h *Host) storeFailed(err error) {
	if !errors.Is(err, store.ErrFull) {
		n := h.storeErrors.Add(1)
		if suppressed, ok := h.storeErrorLog.allow(h.Since()); ok {
			h.log.Error("the store failed; clients get an error", "error", err.Error(), "errors", n, "suppressed", suppressed)
		}
		return
	}
	n := h.storeFull.Add(1)
	if suppressed, ok := h.storeLog.allow(h.Since()); ok {
		h.log.Warn("the store is full; puts get an error", "error", err.Error(), "puts", n, "suppressed", suppressed)
	}
}
