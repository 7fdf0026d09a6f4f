// Command kv-multiblocking runs the key/value server of package multiblocking:
//
//	kv-multiblocking --addr 127.0.0.1:7070
//
// kv-multiblocking --help lists its flags.
package main

import (
	"github.com/ioflavors/ioflavors/common/kvcmd"
	"github.com/ioflavors/ioflavors/multiblocking"
)

func main() { kvcmd.Main(multiblocking.Command) }
