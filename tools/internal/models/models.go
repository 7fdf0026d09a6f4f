// Package models lists the servers to measure: our own models with their variants,
// peers on other people's libraries, and servers that a user names.
package models

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ioflavors/ioflavors/common/servercmd"
	"github.com/ioflavors/ioflavors/tools/internal/load"
	"github.com/ioflavors/ioflavors/tools/internal/nearest"
	"github.com/ioflavors/ioflavors/tools/internal/printable"
	"github.com/ioflavors/ioflavors/tools/internal/results"
)

// CheckTurn is the length of a client's turn during a check, if other clients wait.
const CheckTurn = 500 * time.Millisecond

// Models returns our own servers, as program serves them ("program serve MODEL
// flags").
func Models(program string) []results.Target {
	var all []results.Target
	for _, v := range Variants() {
		command := slices.Concat([]string{program, "serve", v.Model}, v.Args,
			// No store limit: its default depends on the machine's memory, and the plan
			// bounds what a server has to store.
			[]string{"--addr", "127.0.0.1:0", "--log-format", "json", "--store-limit", "-1"})
		s := results.Target{Name: v.Name(), Command: command, OneAtATime: v.OneAtATime()}
		if s.OneAtATime {
			// The check has a rule that waits for the end of a client's turn.
			s.CheckFlags = []string{"--turn-limit", CheckTurn.String()}
		}
		all = append(all, s)
	}
	return all
}

// Storing returns our own servers with the flag that makes them keep their data at an
// address (package stores); "" is their memory. One runs at a time, so they may have one
// file after the other.
func Storing(address string, ours []results.Target) (all []results.Target) {
	for _, s := range ours {
		if address != "" {
			s.Command = slices.Concat(s.Command, []string{"--store", address})
		}
		all = append(all, s)
	}
	return all
}

// Speaking returns our own servers with the flag that makes them serve the protocol.
func Speaking(protocol load.Protocol, ours []results.Target) (all []results.Target) {
	for _, s := range ours {
		if protocol != load.KV {
			s.Protocol, s.Command = protocol, slices.Concat(s.Command, []string{"--protocol", string(protocol)})
		}
		all = append(all, s)
	}
	return all
}

// Of returns the targets as servers of which only the exchanges are known that they
// take part in.
func Of(e *load.Exchanges, targets []results.Target) (all []results.Target) {
	for _, s := range targets {
		if e != nil {
			s.Protocol = load.FromFile
		}
		all = append(all, s)
	}
	return all
}

// Select returns the targets that names select: a target's whole name selects it, a
// model's name all its variants. No names select all.
func Select(all []results.Target, names []string) ([]results.Target, error) {
	if len(names) == 0 {
		return all, nil
	}
	wanted := make(map[string]bool)
	for _, name := range names {
		known := false
		for _, s := range all {
			if name == s.Name || name == s.Model() {
				wanted[s.Name], known = true, true
			}
		}
		if !known {
			return nil, nearest.Unknown("model", name, TargetNames(all))
		}
	}
	return slices.DeleteFunc(slices.Clone(all), func(s results.Target) bool { return !wanted[s.Name] }), nil
}

// ParseServer parses a user's own server: "name=CMD {addr}", "name=CMD {port}", or
// "resp+name=CMD {addr}" for one that speaks another of the load generator's
// protocols. The command is split at spaces, and starts without a shell.
func ParseServer(text string) (results.Target, error) {
	name, command, ok := strings.Cut(text, "=")
	s, err := parseName(text, name)
	switch {
	case !ok || s.Name == "":
		return results.Target{}, fmt.Errorf("server %q: want name=COMMAND, with %s where the address to listen on goes", text, results.AddrPlaceholder)
	case err != nil:
		return results.Target{}, err
	}
	s.Command = strings.Fields(command)
	if !strings.Contains(command, results.AddrPlaceholder) && !strings.Contains(command, results.PortPlaceholder) {
		return results.Target{}, fmt.Errorf("server %q: neither %s nor %s in its command, to say where to listen", text, results.AddrPlaceholder, results.PortPlaceholder)
	}
	return s, nil
}

// ParseRunning parses a server that runs already: "ADDR", whose name is the address, or
// "NAME=ADDR"; and "resp+ADDR" or "resp+NAME=ADDR" for one that speaks another of the load
// generator's protocols.
func ParseRunning(text string) (results.Target, error) {
	name, addr, named := strings.Cut(text, "=")
	s, err := parseName(text, name)
	if !named {
		addr = s.Name
	}
	s.Addr, s.Command = strings.TrimSpace(addr), []string{} // not null in JSON
	switch {
	case s.Name == "":
		return results.Target{}, fmt.Errorf("server %q: want ADDR, or NAME=ADDR", text)
	case err != nil:
		return results.Target{}, err
	}
	return s, servercmd.CheckAddr("server "+s.Name, s.Addr)
}

// parseName parses the name of a user's server, with a protocol before it or without. text
// is for errors.
func parseName(text, name string) (results.Target, error) {
	protocol, rest, foreign := strings.Cut(name, "+")
	if foreign {
		name = rest
	}
	s := results.Target{Name: strings.TrimSpace(name), Foreign: true}
	if s.Name != printable.Line(s.Name) {
		return s, fmt.Errorf("server %q: its name has characters that cannot be seen", text)
	}
	if foreign {
		s.Protocol = load.Protocol(strings.TrimSpace(protocol))
		if !slices.Contains(load.Protocols, s.Protocol) {
			return s, fmt.Errorf("server %q: no protocol %q before the +: there are %q", text, s.Protocol, load.Protocols)
		}
	}
	return s, nil
}

// Linked returns a user's program, which links our models, as a server for each of
// their variants: "./mine --model {model} --addr {addr}". The command is split at
// spaces, and starts without a shell. Behind it are the flags of the variant.
func Linked(command string) (all []results.Target, err error) {
	if !strings.Contains(command, results.ModelPlaceholder) {
		return nil, fmt.Errorf("command %q: want %s where the model's name goes, as in ./mine --model %s --addr %s",
			command, results.ModelPlaceholder, results.ModelPlaceholder, results.AddrPlaceholder)
	}
	if !strings.Contains(command, results.AddrPlaceholder) && !strings.Contains(command, results.PortPlaceholder) {
		return nil, fmt.Errorf("command %q: neither %s nor %s in it, to say where to listen", command, results.AddrPlaceholder, results.PortPlaceholder)
	}
	for _, v := range Variants() {
		s := results.Target{Name: v.Name(), OneAtATime: v.OneAtATime(), Foreign: true, Linked: true}
		for _, word := range strings.Fields(command) {
			s.Command = append(s.Command, strings.ReplaceAll(word, results.ModelPlaceholder, v.Model))
		}
		s.Command = append(s.Command, v.Args...)
		all = append(all, s)
	}
	return all, nil
}

// Distinct returns an error if two targets have the same name.
func Distinct(targets []results.Target) error {
	if len(targets) == 0 {
		return errors.New("no servers to measure")
	}
	names := TargetNames(targets)
	slices.Sort(names)
	if unique := slices.Compact(slices.Clone(names)); len(unique) < len(names) {
		return fmt.Errorf("two servers have the same name, among %s", strings.Join(names, ", "))
	}
	return nil
}

// TargetNames returns the names of targets.
func TargetNames(targets []results.Target) []string {
	var names []string
	for _, s := range targets {
		names = append(names, s.Name)
	}
	return names
}
