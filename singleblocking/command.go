package singleblocking

import (
	"flag"

	"github.com/ioflavors/ioflavors/common/kvserver"
)

// Command describes this model to the commands that run it.
var Command = kvserver.Command{
	Model:   "singleblocking",
	Summary: "One goroutine, blocking calls, one client at a time.",
	Flags: func(fs *flag.FlagSet) func(kvserver.Config) (kvserver.Server, error) {
		var turn kvserver.Limits
		turn.DefineTurnFlag(fs)
		return func(cfg kvserver.Config) (kvserver.Server, error) {
			cfg.TurnLimit = turn.TurnLimit
			return New(cfg), nil
		}
	},
}
