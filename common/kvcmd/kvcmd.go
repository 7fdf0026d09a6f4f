// Package kvcmd is the main function of the models' own commands: a store in memory that
// clients reach by the protocols of package kv and package resp.
package kvcmd

import (
	"errors"
	"flag"
	"fmt"

	"github.com/ioflavors/ioflavors/common/backend"
	"github.com/ioflavors/ioflavors/common/kv"
	"github.com/ioflavors/ioflavors/common/resp"
	"github.com/ioflavors/ioflavors/common/server"
	"github.com/ioflavors/ioflavors/common/servercmd"
	"github.com/ioflavors/ioflavors/common/session"
	"github.com/ioflavors/ioflavors/common/store"
)

// Main runs a model's command and exits.
func Main(c server.Command) { servercmd.Main(Program("kv-"+c.Model, c, nil)) }

// Stores defines flags for other stores than the one in memory. The function that it
// returns makes the store after parsing, with the limit of its --store-limit; nil
// stands for the store in memory.
type Stores func(fs *flag.FlagSet) func(backend.Config) (store.Store, error)

// Program returns a command with the given name that serves the store by a model. other
// may be nil.
func Program(name string, c server.Command, other Stores) servercmd.Program {
	return servercmd.Program{
		Name:    name,
		Summary: "a key/value server",
		Models:  []server.Command{c},
		Protocols: []servercmd.Protocol{
			{Name: "kv", Summary: "protobuf messages in frames", Flags: stored(other, keyValue)},
			{Name: "resp", Summary: "Redis's protocol, RESP2 and RESP3", Flags: stored(other, redis)},
		},
	}
}

// making makes a protocol over a store.
type making func(backend.Config) (session.Protocol, error)

// keyValue is the key/value protocol, which has no flags of its own.
func keyValue(*flag.FlagSet) making {
	return func(c backend.Config) (session.Protocol, error) {
		return kv.New(kv.Config{Store: c.Store, StoreLimit: c.Limit}), nil
	}
}

// redis is Redis's protocol and its flags.
func redis(fs *flag.FlagSet) making {
	var file string
	fs.Func("password-file", "`path` of a file with the password that clients must give (AUTH, HELLO); only its owner may be permitted to read it (default no password)", func(path string) error {
		if path == "" { // as from a variable that is not set: without a password the server would be open
			return errors.New("want a path")
		}
		file = path
		return nil
	})
	return func(c backend.Config) (session.Protocol, error) {
		cfg := resp.Config{Store: c.Store, StoreLimit: c.Limit}
		if file != "" {
			var err error
			if cfg.Password, err = ReadPassword(file); err != nil {
				return nil, fmt.Errorf("--password-file: %w", err)
			}
		}
		return resp.New(cfg), nil
	}
}

// stored returns the Flags of a protocol with a store. protocol defines the protocol's
// further flags.
func stored(other Stores, protocol func(*flag.FlagSet) making) func(*flag.FlagSet) func() (session.Protocol, error) {
	return func(fs *flag.FlagSet) func() (session.Protocol, error) {
		var cfg backend.Config
		server.SizeFlag(fs, &cfg.Limit, "store-limit", "`bytes` that the store may hold; a put beyond that gets an error (default a quarter of the memory that the machine has, or its control group allows)")
		makeProtocol := protocol(fs)
		makeStore := func(backend.Config) (store.Store, error) { return nil, nil }
		if other != nil {
			makeStore = other(fs)
		}
		return func() (session.Protocol, error) {
			s, err := makeStore(cfg)
			if err != nil {
				return nil, err
			}
			cfg.Store = s
			return makeProtocol(cfg)
		}
	}
}
