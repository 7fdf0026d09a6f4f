package servercmd

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/ioflavors/ioflavors/common/server"
	"github.com/ioflavors/ioflavors/common/session"
)

// Program is a command that serves a protocol. A program with one protocol and a choice
// of two models is
//
//	servercmd.Main(servercmd.Program{
//		Summary:   "a server that answers lines in capitals",
//		Models:    []server.Command{multiblocking.Command, eventloop.Command},
//		Protocols: []servercmd.Protocol{{Protocol: capitals}},
//	})
//
// If it has several models or protocols, the flags --model and --protocol choose; the
// first ones are the default. All other flags are there, too: --addr, a flag for each of
// server.Limits, the log's and the debug server's, the model's own, the protocol's own.
type Program struct {
	Name      string           // of the command, for messages; "": as it was called
	Summary   string           // what it is, as "a key/value server"; "": nothing is said
	Models    []server.Command // at least one
	Protocols []Protocol       // at least one
}

// Protocol is a protocol that a Program serves.
type Protocol struct {
	Name    string // for --protocol, and in the log; "": the program's, if it is the only one
	Summary string // what it is, in a few words; only needed where several can be chosen
	// Protocol is the protocol, unless Flags makes it.
	Protocol session.Protocol
	// Flags defines the protocol's own flags. The function that it returns makes the
	// protocol after parsing; its error is about the flags unless it is NotUsage. nil:
	// there are none.
	Flags func(fs *flag.FlagSet) func() (session.Protocol, error)
}

// NotUsage wraps an error of Protocol.Flags that has another cause than wrong flags: a file
// or another server that is not there. The exit code is 1 then, and not 2.
func NotUsage(err error) error { return notUsage{err} }

type notUsage struct{ error }

func (e notUsage) Unwrap() error { return e.error }

// Guarded is a session.Protocol that may ask clients for a password.
type Guarded interface {
	RequiresPassword() bool
}

// open reports whether the protocol serves clients without a password.
func open(p session.Protocol) bool {
	g, ok := p.(Guarded)
	return !ok || !g.RequiresPassword()
}

// complete returns the program with its defaults. Its error is about the program.
func (p Program) complete() (Program, error) {
	if p.Name == "" {
		p.Name = strings.TrimSuffix(filepath.Base(os.Args[0]), ".exe")
	}
	if len(p.Models) == 0 || len(p.Protocols) == 0 {
		return p, fmt.Errorf("this program has %d models and %d protocols; it needs one of each", len(p.Models), len(p.Protocols))
	}
	p.Protocols = slices.Clone(p.Protocols)
	for i := range p.Protocols {
		if one := &p.Protocols[i]; one.Name == "" && len(p.Protocols) == 1 {
			one.Name = p.Name
		} else if one.Name == "" {
			return p, errors.New("this program has several protocols, and one has no name to choose it by")
		}
	}
	return p, nil
}

// define defines the protocol's flags, and returns what makes the protocol after
// parsing.
func (p Protocol) define(fs *flag.FlagSet) func() (session.Protocol, error) {
	if p.Flags != nil {
		return p.Flags(fs)
	}
	return func() (session.Protocol, error) { return p.Protocol, nil }
}

// choose returns options with the model and the protocol that args choose. They must be
// known before args can be parsed, because they have flags of their own.
func (p Program) choose(args []string) (o *options, err error) {
	o = &options{model: p.Models[0], protocol: p.Protocols[0]}
	if len(p.Models) > 1 {
		o.model, err = chosen("model", args, p.Models, func(c server.Command) string { return c.Model })
	}
	if len(p.Protocols) > 1 && err == nil {
		o.protocol, err = chosen("protocol", args, p.Protocols, func(p Protocol) string { return p.Name })
	}
	return o, err
}

// chosen returns the one of all that the named flag chooses in args: the first one if
// the flag is not there.
func chosen[T any](name string, args []string, all []T, nameOf func(T) string) (T, error) {
	which := nameOf(all[0])
	for i, arg := range args {
		if arg == "--" {
			break
		}
		flag, dashed := strings.CutPrefix(arg, "-")
		flag = strings.TrimPrefix(flag, "-")
		if value, ok := strings.CutPrefix(flag, name+"="); dashed && ok {
			which = value
		} else if dashed && flag == name && i+1 < len(args) {
			which = args[i+1]
		}
	}
	var names []string
	for _, one := range all {
		if nameOf(one) == which {
			return one, nil
		}
		names = append(names, nameOf(one))
	}
	return all[0], fmt.Errorf("--%s %q: want %s", name, which, list(names))
}

// list joins names by commas, and the last two by "or".
func list(names []string) string {
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " or " + names[last]
}

// defineChoices defines --model and --protocol where there is a choice. choose has read
// their values already.
func (p Program) defineChoices(fs *flag.FlagSet, o *options) {
	var models, protocols []string
	for _, c := range p.Models {
		models = append(models, c.Model)
	}
	for _, c := range p.Protocols {
		protocols = append(protocols, strings.TrimSuffix(c.Name+": "+c.Summary, ": "))
	}
	if len(models) > 1 {
		fs.String("model", models[0], "the `name` of a way to wait for the network: "+list(models)+"; each may have flags of its own, which --model NAME --help lists")
	}
	if len(protocols) > 1 {
		fs.String("protocol", p.Protocols[0].Name, "the `name` of the protocol to serve ("+strings.Join(protocols, "; ")+"); each may have flags of its own, which --protocol NAME --help lists")
	}
}
