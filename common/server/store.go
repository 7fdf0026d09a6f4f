package server

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
func (core *Core) watch(s store.Store) {
	if bounded, ok := s.(store.Bounded); ok {
		core.bounded = bounded
		bounded.WhenNearlyFull(core.storeNearlyFull)
	}
}

// storeNearlyFull warns the operator while there is time to act.
func (core *Core) storeNearlyFull(used, limit int64) {
	if suppressed, ok := core.storeNearlyLog.allow(core.Since()); ok {
		core.log.Warn("the store is nearly full; when it is full, puts get an error", "bytes", used, "limit", limit, "suppressed", suppressed)
	}
}

// storeUsage returns how full the store is, or nil if it does not say.
func (core *Core) storeUsage() *StoreUsage {
	if core.bounded == nil {
		return nil
	}
	used, limit := core.bounded.Usage()
	return &StoreUsage{used, limit}
}

// storeFailed tells the operator of the store's error, which clients are not told. It
// makes the text at once, because another goroutine writes the log and the error
// belongs to the store.
func (core *Core) storeFailed(err error) {
	if !errors.Is(err, store.ErrFull) {
		n := core.storeErrors.Add(1)
		if suppressed, ok := core.storeErrorLog.allow(core.Since()); ok {
			core.log.Error("the store failed; clients get an error", "error", err.Error(), "errors", n, "suppressed", suppressed)
		}
		return
	}
	n := core.storeFull.Add(1)
	if suppressed, ok := core.storeLog.allow(core.Since()); ok {
		core.log.Warn("the store is full; puts get an error", "error", err.Error(), "puts", n, "suppressed", suppressed)
	}
}
