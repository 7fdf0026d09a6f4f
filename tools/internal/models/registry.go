package models

import (
	"strings"

	"github.com/ioflavors/ioflavors/busywait"
	"github.com/ioflavors/ioflavors/common/server"
	"github.com/ioflavors/ioflavors/eventloop"
	"github.com/ioflavors/ioflavors/iouring"
	"github.com/ioflavors/ioflavors/multiblocking"
	"github.com/ioflavors/ioflavors/singleblocking"
	"github.com/ioflavors/ioflavors/tools/internal/results"
)

// commands are our models, in the order of all lists and tables. No other code of
// the tools names the models: it reads what their commands declare.
var commands = []server.Command{
	singleblocking.Command,
	multiblocking.Command,
	busywait.Command,
	eventloop.Command,
	iouring.Command,
}

// Reference is the server that the lab measures twice, to learn its own noise, and
// with which experiments compare others.
const Reference = "eventloop"

// Commands returns what our models declare.
func Commands() []server.Command { return commands }

// Names returns the names of our models.
func Names() (names []string) {
	for _, c := range commands {
		names = append(names, c.Model)
	}
	return names
}

// Variant is one of our models, in one of its ways to wait. The zero Variant stands
// for a server about which nothing is declared.
type Variant struct {
	server.Command
	server.Variant
}

// Name is the model with its flags, as serve takes them.
func (v Variant) Name() string { return strings.Join(append([]string{v.Model}, v.Args...), " ") }

// Variants returns all variants of our models.
func Variants() (all []Variant) {
	for _, c := range commands {
		for _, v := range c.Variants {
			all = append(all, Variant{c, v})
		}
	}
	return all
}

// VariantOf returns the variant that a target is, or that a user's program runs in it.
// Of any other target that is not ours, it only knows whether it serves one client at
// a time.
func VariantOf(s results.Target) (v Variant) {
	if s.OneAtATime {
		v.Clients = 1
	}
	if s.Foreign && !s.Linked {
		return v
	}
	for _, ours := range Variants() {
		if ours.Name() == s.Name {
			return ours
		}
	}
	return v
}
