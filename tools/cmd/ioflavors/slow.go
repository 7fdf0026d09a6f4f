package main

import (
	"flag"
	"fmt"
	"time"

	"github.com/ioflavors/ioflavors/common/server"
	"github.com/ioflavors/ioflavors/tools/internal/slow"
)

// maxSlow is longer than the wait of any client.
const maxSlow = time.Hour

// withSlowKeys adds flags to a server's command that make its store slow for
// some keys. The models do not know about it.
func withSlowKeys(c server.Command) server.Command {
	flags := c.Flags
	c.Flags = func(fs *flag.FlagSet) func(server.Config) (server.Server, error) {
		var delay slow.Delay
		prefix := fs.String("slow-prefix", "slow:", "`beginning` of the keys that --slow-sleep and --slow-burn are about")
		fs.DurationVar(&delay.Sleep, "slow-sleep", 0, "`time` that the handler sleeps for each request with such a key, as if it waited for a database")
		fs.DurationVar(&delay.Burn, "slow-burn", 0, "`time` that the handler computes for each request with such a key")
		newServer := flags(fs)
		return func(cfg server.Config) (server.Server, error) {
			if min(delay.Sleep, delay.Burn) < 0 || max(delay.Sleep, delay.Burn) > maxSlow {
				return nil, fmt.Errorf("--slow-sleep %v, --slow-burn %v: want 0s to %v", delay.Sleep, delay.Burn, maxSlow)
			}
			if delay != (slow.Delay{}) {
				cfg.Store = slow.New(*prefix, delay, cfg.StoreBytes())
			}
			return newServer(cfg)
		}
	}
	return c
}
