// Command kv-singleblocking runs the key/value server of package singleblocking:
//
//	kv-singleblocking --addr 127.0.0.1:7070
//
// kv-singleblocking --help lists its flags.
package main

import (
	"github.com/ioflavors/ioflavors/common/kvcmd"
	"github.com/ioflavors/ioflavors/singleblocking"
)

func main() { kvcmd.Main(singleblocking.Command) }
