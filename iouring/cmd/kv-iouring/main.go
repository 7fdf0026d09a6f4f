// Command kv-iouring runs the key/value server of package iouring:
//
//	kv-iouring --addr 127.0.0.1:7070
//
// kv-iouring --help lists its flags.
package main

import (
	"github.com/ioflavors/ioflavors/common/kvcmd"
	"github.com/ioflavors/ioflavors/iouring"
)

func main() { kvcmd.Main(iouring.Command) }
