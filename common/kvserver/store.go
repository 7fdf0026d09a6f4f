package kvserver

import (
	"errors"

	"github.com/ioflavors/ioflavors/common/memlimit"
	"github.com/ioflavors/ioflavors/common/store"
)

// StoreBytes returns what StoreLimit comes to: a number of bytes, 0 if there is no
// limit.
func (l Limits) StoreBytes() int64 {
	if l.StoreLimit == 0 {
		return memlimit.Bytes() / 4
	}
	return max(0, l.StoreLimit)
}

// watch has the store say when it is nearly full, if it knows.
func (h *Host) watch(s store.Store) {
	if bounded, ok := s.(store.Bounded); ok {
		h.bounded = bounded
		bounded.WhenNearlyFull(h.storeNearlyFull)
	}
}

// storeNearlyFull tells the server's owner while there is time to do something.
func (h *Host) storeNearlyFull(used, limit int64) {
	if suppressed, ok := h.storeNearlyLog.allow(h.Since()); ok {
		h.log.Warn("the store is nearly full; when it is, puts get an error", "bytes", used, "limit", limit, "suppressed", suppressed)
	}
}

// storeUsage returns how full the store is, or nil if it does not say.
func (h *Host) storeUsage() *StoreUsage {
	if h.bounded == nil {
		return nil
	}
	used, limit := h.bounded.Usage()
	return &StoreUsage{used, limit}
}

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
