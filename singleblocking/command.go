package singleblocking

import (
	"cmp"
	"flag"

	"github.com/ioflavors/ioflavors/common/kvserver"
)

// Command describes this model to the commands that run it.
var Command = kvserver.Command{
	Model:   "singleblocking",
	Summary: "One goroutine, blocking calls, one client at a time.",
	Kind:    kvserver.Blocking,
	Variants: []kvserver.Variant{
		{Go: "singleblocking.New(config)", Clients: 1, Handlers: 1, Complexity: 10}, // a loop that reads and writes
	},
	Flags: func(fs *flag.FlagSet) func(kvserver.Config) (kvserver.Server, error) {
		var turn kvserver.Limits
		turn.DefineTurnFlag(fs)
		return func(cfg kvserver.Config) (kvserver.Server, error) {
			cfg.TurnLimit = cmp.Or(turn.TurnLimit, cfg.TurnLimit)
			return New(cfg), nil
		}
	},
}
