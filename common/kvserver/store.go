package kvserver

import (
	"errors"

	"github.com/ioflavors/ioflavors/common/memlimit"
	"github.com/ioflavors/ioflavors/common/store"
)

// StoreBytes returns StoreLimit in bytes, with the default filled in; 0 means no limit.
func (l Limits) StoreBytes() int64 {
	if l.StoreLimit == 0 {
		return memlimit.Bytes() / 4
	}
	return max(0, l.StoreLimit)
}

// watch asks the store to say when it is nearly full, if it can.
func (h *Host) watch(s store.Store) {
	if bounded, ok := s.(store.Bounded); ok {
		h.bounded = bounded
		bounded.WhenNearlyFull(h.storeNearlyFull)
	}
}

// storeNearlyFull warns the operator while there is time to act.
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

// storeFailed tells the operator of the store's error, which clients are not told. It
// makes the text at once, because another goroutine writes the log and the error
// belongs to the store.
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
