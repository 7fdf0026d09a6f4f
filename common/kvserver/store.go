package kvserver

import (
	"errors"

	"github.com/ioflavors/ioflavors/common/store"
)

// watchedStore is a server's store, whose owner learns when it is full.
type watchedStore struct {
	store.Store
	host *Host
}

func (s watchedStore) Put(key, value []byte) error {
	err := s.Store.Put(key, value)
	if err != nil && errors.Is(err, store.ErrFull) {
		h := s.host
		n := h.storeFull.Add(1)
		if h.storeLog.allow(h.Since()) {
			h.Log.Warn("the store is full; puts get an error", "error", err, "puts", n)
		}
	}
	return err
}
