// Command kv-busywait runs the key/value server of package busywait:
//
//	kv-busywait --addr 127.0.0.1:7070
//
// kv-busywait --help lists its flags.
package main

import (
	"github.com/ioflavors/ioflavors/busywait"
	"github.com/ioflavors/ioflavors/common/kvcmd"
)

func main() { kvcmd.Main(busywait.Command) }
