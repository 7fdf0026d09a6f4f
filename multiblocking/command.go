package multiblocking

import (
	"flag"

	"github.com/ioflavors/ioflavors/common/kvserver"
)

// Command describes this model to the commands that run it.
var Command = kvserver.Command{
	Model:   "multiblocking",
	Summary: "A goroutine for each client, blocking calls.",
	Flags: func(fs *flag.FlagSet) func(kvserver.Config) (kvserver.Server, error) {
		workers := fs.Int("workers", 0, "serve with a pool of this `number` of goroutines (default: one for each client)")
		threads := fs.Bool("os-threads", false, "give each goroutine an operating system thread that sleeps in read(2); clients are refused if the system has no thread left")
		var turn kvserver.Limits
		turn.DefineTurnFlag(fs)
		return func(cfg kvserver.Config) (kvserver.Server, error) {
			cfg.TurnLimit = turn.TurnLimit
			return New(Config{Config: cfg, Workers: *workers, OSThreads: *threads}), nil
		}
	},
}
