package busywait

import (
	"cmp"
	"flag"

	"github.com/ioflavors/ioflavors/common/server"
)

// Command describes this model to the commands that run it.
var Command = server.Command{
	Model:   "busywait",
	Summary: "Non-blocking calls in a loop that never rests.",
	Kind:    server.NonBlocking,
	Variants: []server.Variant{
		{Go: "busywait.New(busywait.Config{Config: config})", Waits: "polls all sockets, never rests", Handlers: 1, Spins: true, Complexity: 90}, // a core, and states instead of a stack
		{
			Args: []string{"--one-at-a-time"}, Go: "busywait.New(busywait.Config{Config: config, OneAtATime: true})",
			Waits: "polls one client at a time", Clients: 1, Handlers: 1, Spins: true, Complexity: 80, // a core
		},
	},
	Flags: func(fs *flag.FlagSet) func(server.Config) (server.Server, error) {
		oneAtATime := fs.Bool("one-at-a-time", false, "poll one client until it has left, then the next")
		var turn server.Limits
		turn.DefineTurnFlag(fs)
		return func(cfg server.Config) (server.Server, error) {
			cfg.TurnLimit = cmp.Or(turn.TurnLimit, cfg.TurnLimit)
			return New(Config{Config: cfg, OneAtATime: *oneAtATime}), nil
		}
	},
}
