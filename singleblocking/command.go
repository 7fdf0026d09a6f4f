package singleblocking

import (
	"cmp"
	"flag"

	"github.com/ioflavors/ioflavors/common/server"
)

// Command describes this model to the commands that run it.
var Command = server.Command{
	Model:   "singleblocking",
	Summary: "One goroutine, blocking calls, one client at a time.",
	Kind:    server.Blocking,
	Variants: []server.Variant{
		{Go: "singleblocking.New(config)", Waits: "one client at a time", Clients: 1, Handlers: 1, Complexity: 10}, // a loop that reads and writes
	},
	Flags: func(fs *flag.FlagSet) func(server.Config) (server.Server, error) {
		var turn server.Limits
		turn.DefineTurnFlag(fs)
		return func(cfg server.Config) (server.Server, error) {
			cfg.TurnLimit = cmp.Or(turn.TurnLimit, cfg.TurnLimit)
			return New(cfg), nil
		}
	},
}
