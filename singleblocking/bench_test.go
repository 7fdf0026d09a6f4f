package singleblocking_test

import (
	"testing"

	"github.com/ioflavors/ioflavors/common/kvserver"
	"github.com/ioflavors/ioflavors/common/servertest"
	"github.com/ioflavors/ioflavors/singleblocking"
)

var target = servertest.Target{
	Name: "singleblocking",
	New:  func(cfg kvserver.Config) kvserver.Server { return singleblocking.New(cfg) },
	Caps: servertest.Caps{OneAtATime: true},
}

func BenchmarkServer(b *testing.B) { servertest.Benchmark(b, target) }
