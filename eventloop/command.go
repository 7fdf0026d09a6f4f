package eventloop

import (
	"errors"
	"flag"

	"github.com/ioflavors/ioflavors/common/server"
)

// Command describes this model to the commands that run it.
var Command = server.Command{
	Model:   "eventloop",
	Summary: "Non-blocking calls on those sockets that epoll or kqueue says are ready.",
	Kind:    server.NonBlocking,
	Variants: []server.Variant{
		{Go: "eventloop.New(eventloop.Config{Config: config})", Waits: "one goroutine, epoll or kqueue", Handlers: 1, Complexity: 50}, // states instead of a stack, and nothing may block
		{
			Args: []string{"--loops", "2"}, Go: "eventloop.New(eventloop.Config{Config: config, Loops: 2})",
			Waits: "two loops, epoll or kqueue", Handlers: 2, Complexity: 60, // a number to choose
		},
	},
	Flags: func(fs *flag.FlagSet) func(server.Config) (server.Server, error) {
		loops := fs.Int("loops", 1, "`number` of event loops that share the clients")
		return func(cfg server.Config) (server.Server, error) {
			if *loops == 0 { // Config would take it for the default
				return nil, errors.New("loops: 0; want 1 or more")
			}
			return New(Config{Config: cfg, Loops: *loops}), nil
		}
	},
}
