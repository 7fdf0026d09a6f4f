package multiblocking

import (
	"cmp"
	"flag"

	"github.com/ioflavors/ioflavors/common/server"
)

// Command describes this model to the commands that run it.
var Command = server.Command{
	Model:   "multiblocking",
	Summary: "A goroutine for each client, blocking calls.",
	Kind:    server.Blocking,
	Variants: []server.Variant{
		{Go: "multiblocking.New(multiblocking.Config{Config: config})", Waits: "a goroutine for each client", Complexity: 20}, // singleblocking's loop, many times
		{
			Args: []string{"--workers", "64"}, Go: "multiblocking.New(multiblocking.Config{Config: config, Workers: 64})",
			Waits: "a pool of goroutines", Clients: 64, Handlers: 64, Complexity: 40, // a number to choose, and clients that wait
		},
		{
			Args: []string{"--os-threads"}, Go: "multiblocking.New(multiblocking.Config{Config: config, OSThreads: true})",
			Waits: "a thread for each client", Complexity: 30, // the kernel's limits on threads
			Needs: "It needs a thread for each client, so a limit on processes (ulimit -u, a container's pids.max) is one on clients.",
		},
	},
	Flags: func(fs *flag.FlagSet) func(server.Config) (server.Server, error) {
		workers := fs.Int("workers", 0, "serve with a pool of this `number` of goroutines (default: one for each client)")
		threads := fs.Bool("os-threads", false, "give each goroutine an operating system thread that sleeps in read(2); clients are refused if the system has no thread left")
		var turn server.Limits
		turn.DefineTurnFlag(fs)
		return func(cfg server.Config) (server.Server, error) {
			cfg.TurnLimit = cmp.Or(turn.TurnLimit, cfg.TurnLimit)
			return New(Config{Config: cfg, Workers: *workers, OSThreads: *threads}), nil
		}
	},
}
