//go:build !unix

package exampletest

import (
	"testing"

	"github.com/ioflavors/ioflavors/common/exchanges"
	"github.com/ioflavors/ioflavors/common/server"
)

func testProcess(t *testing.T, _ server.Command, _ []exchanges.Exchange) {
	t.Skip("a process is told to drain by a signal, which this system does not have")
}
