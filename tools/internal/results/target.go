package results

import (
	"cmp"
	"strings"

	"github.com/ioflavors/ioflavors/tools/internal/load"
)

// Target is a server that the lab measures: a model with its options, or a user's own.
type Target struct {
	Name string `json:"name"`
	// Command starts the server: a program and its arguments. One of ours picks a free
	// port and logs it. Any other has a placeholder for the address to listen on.
	Command []string `json:"command"`
	// Addr is the address, host:port, of a server that runs already. Then Command is empty,
	// and the lab measures no more than a client can. Empty: the lab starts the server.
	Addr string `json:"addr,omitempty"`
	// CheckFlags are appended to Command for the check alone.
	CheckFlags []string `json:"check_flags,omitempty"`
	// OneAtATime: a client keeps the others waiting until it leaves.
	OneAtATime bool `json:"one_at_a_time"`
	// Foreign: not one of this project's servers.
	Foreign bool `json:"foreign,omitempty"`
	// Linked: a user's program that runs the model of the target's name, with the
	// user's own handlers. It is also Foreign.
	Linked bool `json:"linked,omitempty"`
	// Peer: on another project's library, or another project's program, for comparison.
	Peer bool `json:"peer,omitempty"`
	// Protocol is the server's protocol. Empty: this project's. A server of another
	// protocol is not checked against the rules.
	Protocol load.Protocol `json:"protocol,omitempty"`
	// Exceptions are rules that the server is known to break, and why. It is not checked
	// against them.
	Exceptions map[string]string `json:"exceptions,omitempty"`
}

// Ours reports whether the server speaks this project's protocol.
func (s Target) Ours() bool { return cmp.Or(s.Protocol, load.KV) == load.KV }

// Running reports whether the server runs already, and is not started by the lab.
func (s Target) Running() bool { return s.Addr != "" }

// Checked reports whether the lab checks the server against the rules of this project's
// protocol.
func (s Target) Checked() bool { return s.Ours() && !s.Running() }

// Model is the name without the options.
func (s Target) Model() string {
	name, _, _ := strings.Cut(s.Name, " ")
	return name
}

// Told returns the workload in the server's protocol.
func (s Target) Told(w load.Workload) load.Workload {
	w.Protocol = cmp.Or(s.Protocol, w.Protocol)
	return w
}

// The placeholders in a foreign server's command: 127.0.0.1:PORT, the port alone, and
// the name of a model in the command of a program that has several.
const (
	AddrPlaceholder  = "{addr}"
	PortPlaceholder  = "{port}"
	ModelPlaceholder = "{model}"
)

// At returns the command with the address filled in.
func (s Target) At(addr string) []string {
	port := addr[strings.LastIndexByte(addr, ':')+1:]
	fill := strings.NewReplacer(AddrPlaceholder, addr, PortPlaceholder, port)
	var command []string
	for _, word := range s.Command {
		command = append(command, fill.Replace(word))
	}
	return command
}
