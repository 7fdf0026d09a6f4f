package iouring_test

import (
	"flag"
	"fmt"
	"testing"

	"github.com/ioflavors/ioflavors/common/servertest"
	"github.com/ioflavors/ioflavors/iouring"
)

func TestMain(m *testing.M) {
	if err := iouring.Available(); err != nil {
		skipExamples(err)
	}
	servertest.VerifyNoLeaks(m)
}

// skipExamples skips all examples, as Need does tests, because examples cannot skip
// themselves.
func skipExamples(why error) {
	flag.Parse()
	skip := "^Example"
	if already := flag.Lookup("test.skip").Value.String(); already != "" {
		skip = already + "|" + skip
	}
	if err := flag.Set("test.skip", skip); err != nil {
		panic(err)
	}
	fmt.Println("examples are skipped:", why)
}

func TestServer(t *testing.T) {
	iouring.Need(t)
	for _, target := range servertest.Targets(iouring.Command) {
		servertest.Run(t, target)
	}
}
