package busywait

import (
	"flag"

	"github.com/ioflavors/ioflavors/common/kvserver"
)

// Command describes this model to the commands that run it.
var Command = kvserver.Command{
	Model:   "busywait",
	Summary: "Non-blocking calls in a loop that never rests.",
	Flags: func(fs *flag.FlagSet) func(kvserver.Config) (kvserver.Server, error) {
		oneAtATime := fs.Bool("one-at-a-time", false, "poll one client until it has left, then the next")
		var turn kvserver.Limits
		turn.DefineTurnFlag(fs)
		return func(cfg kvserver.Config) (kvserver.Server, error) {
			cfg.TurnLimit = turn.TurnLimit
			return New(Config{Config: cfg, OneAtATime: *oneAtATime}), nil
		}
	},
}
