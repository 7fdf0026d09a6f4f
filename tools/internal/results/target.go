package results

import (
	"cmp"
	"strings"

	"github.com/ioflavors/ioflavors/tools/internal/load"
)

// Target is a server to be measured: a model with its options, or anyone's
// own.
type Target struct {
	Name string `json:"name"`
	// Command starts it: a program and its arguments. In one of ours, which
	// picks a free port and logs it, the address is there already; in any
	// other, a placeholder says where the address to listen on goes.
	Command []string `json:"command"`
	// CheckFlags are appended to it for the check alone.
	CheckFlags []string `json:"check_flags,omitempty"`
	// OneAtATime: a client keeps the others waiting until it leaves.
	OneAtATime bool `json:"one_at_a_time"`
	// Foreign: not one of ours.
	Foreign bool `json:"foreign,omitempty"`
	// Peer: on somebody else's library, or somebody else's program, to compare
	// ours with.
	Peer bool `json:"peer,omitempty"`
	// Protocol is what it speaks. Empty: this project's. The rules are of that
	// protocol; a server with another is not checked against them.
	Protocol load.Protocol `json:"protocol,omitempty"`
	// Exceptions are rules that it is known not to follow, and why. It is not
	// checked against them.
	Exceptions map[string]string `json:"exceptions,omitempty"`
}

// Ours reports whether the server speaks this project's protocol.
func (s Target) Ours() bool { return cmp.Or(s.Protocol, load.KV) == load.KV }

// Model is the name without the options.
func (s Target) Model() string {
	name, _, _ := strings.Cut(s.Name, " ")
	return name
}

// Told returns the workload in the server's language.
func (s Target) Told(w load.Workload) load.Workload {
	w.Protocol = cmp.Or(s.Protocol, w.Protocol)
	return w
}

// The placeholders in the command of a foreign server: 127.0.0.1:PORT, and the
// port alone.
const (
	AddrPlaceholder = "{addr}"
	PortPlaceholder = "{port}"
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
