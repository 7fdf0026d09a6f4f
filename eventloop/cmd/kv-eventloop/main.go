// Command kv-eventloop runs the key/value server of package eventloop:
//
//	kv-eventloop --addr 127.0.0.1:7070
//
// kv-eventloop --help lists its flags.
package main

import (
	"github.com/ioflavors/ioflavors/common/kvcmd"
	"github.com/ioflavors/ioflavors/eventloop"
)

func main() { kvcmd.Main(eventloop.Command) }
