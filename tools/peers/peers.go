package peers

import (
	_ "embed"
	"encoding/json"
	"fmt"
)

// Peer is one of the servers.
type Peer struct {
	Name    string `json:"name"`    // of its command
	Library string `json:"library"` // the library it is built on
	// Loops: it has the flag --loops.
	Loops bool `json:"loops"`
	// Exceptions are the rules of the protocol that the library makes
	// impossible, and the reasons.
	Exceptions map[string]string `json:"exceptions"`
}

// The lab is in another module and builds the peers; it reads this file, too.
//
//go:embed peers.json
var list []byte

// All returns the peers.
func All() []Peer {
	var all []Peer
	if err := json.Unmarshal(list, &all); err != nil {
		panic(fmt.Sprintf("peers.json: %v", err))
	}
	return all
}
