package main

import (
	"flag"
	"fmt"
	"time"

	"github.com/ioflavors/ioflavors/common/backend"
	"github.com/ioflavors/ioflavors/common/store"
	"github.com/ioflavors/ioflavors/tools/internal/slow"
)

// maxSlow is longer than the wait of any client.
const maxSlow = time.Hour

// slowKeys defines flags for a store that is slow for some keys. Neither the models nor
// the protocols know about it.
func slowKeys(fs *flag.FlagSet) func(backend.Config) (store.Store, error) {
	var delay slow.Delay
	prefix := fs.String("slow-prefix", "slow:", "`beginning` of the keys that --slow-sleep and --slow-burn are about")
	fs.DurationVar(&delay.Sleep, "slow-sleep", 0, "`time` that the handler sleeps for each request with such a key, as if it waited for a database")
	fs.DurationVar(&delay.Burn, "slow-burn", 0, "`time` that the handler computes for each request with such a key")
	return func(c backend.Config) (store.Store, error) {
		if min(delay.Sleep, delay.Burn) < 0 || max(delay.Sleep, delay.Burn) > maxSlow {
			return nil, fmt.Errorf("--slow-sleep %v, --slow-burn %v: want 0s to %v", delay.Sleep, delay.Burn, maxSlow)
		}
		if delay == (slow.Delay{}) {
			return nil, nil
		}
		return slow.New(*prefix, delay, c.Bytes()), nil
	}
}
