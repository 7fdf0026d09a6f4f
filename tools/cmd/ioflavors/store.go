package main

import (
	"errors"
	"flag"
	"fmt"
	"time"

	"github.com/alecthomas/kong"

	"github.com/ioflavors/ioflavors/common/backend"
	"github.com/ioflavors/ioflavors/common/kvcmd"
	"github.com/ioflavors/ioflavors/common/servercmd"
	"github.com/ioflavors/ioflavors/common/store"
	"github.com/ioflavors/ioflavors/stores"
)

// An operation of a store may take from a millisecond to a minute: within less no disk
// writes, and no client waits longer.
const (
	leastStoreTimeout = time.Millisecond
	mostStoreTimeout  = time.Minute
)

// storeAddress is an address of package stores, or "" for memory.
type storeAddress string

// Decode checks the address.
func (a *storeAddress) Decode(ctx *kong.DecodeContext) error {
	var text string
	if err := ctx.Scan.PopValueInto("where", &text); err != nil {
		return err
	}
	if text == "memory" {
		text = ""
	} else if _, err := stores.ParseAddress(text); err != nil {
		return fmt.Errorf("%w, or memory", err)
	}
	*a = storeAddress(text)
	return nil
}

// otherStores defines flags for all stores except the one in memory: those of module
// stores, and the one that is slow for some keys.
func otherStores(fs *flag.FlagSet) func(backend.Config) (store.Store, error) {
	slowStore := slowKeys(fs)
	// The text is read after parsing, because package flag repeats what it cannot parse, and
	// it may have a password.
	where := fs.String("store", "memory", "`where` the data is: memory, "+stores.Forms+"; docs/stores.md says what each promises")
	timeout := fs.Duration("store-timeout", stores.DefaultTimeout, "`time` that an operation of --store may take before the client gets an error")
	passwordFile := fs.String("store-password-file", "", "`path` of a file with the password for the Redis or etcd of --store; only its owner may be permitted to read it (default no password)")
	return func(c backend.Config) (store.Store, error) {
		slow, err := slowStore(c)
		if err != nil || *where == "memory" {
			return slow, err
		}
		address, err := stores.ParseAddress(*where)
		if err != nil {
			return nil, fmt.Errorf("--store: %w, or memory", err)
		}
		switch {
		case slow != nil:
			return nil, errors.New("--store and --slow-sleep or --slow-burn: keys are slow in memory only")
		case *timeout < leastStoreTimeout || *timeout > mostStoreTimeout:
			return nil, fmt.Errorf("--store-timeout %v: want %v to %v", *timeout, leastStoreTimeout, mostStoreTimeout)
		case c.Limit > 0 && address.Kind != "bolt":
			return nil, fmt.Errorf("--store-limit: %s has its limit in its own configuration", address.Kind)
		case *passwordFile != "" && address.Kind == "bolt":
			return nil, errors.New("--store-password-file: a file of bolt has no password")
		}
		cfg := stores.Config{Timeout: *timeout, Limit: max(0, c.Limit)}
		if *passwordFile != "" {
			if cfg.Password, err = kvcmd.ReadPassword(*passwordFile); err != nil {
				return nil, fmt.Errorf("--store-password-file: %w", err)
			}
		}
		s, err := stores.Open(address, cfg)
		if err != nil {
			return nil, servercmd.NotUsage(fmt.Errorf("--store: %w", err))
		}
		return s, nil
	}
}
