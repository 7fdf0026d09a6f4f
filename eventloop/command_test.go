package eventloop_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/ioflavors/ioflavors/common/kvcmd"
	"github.com/ioflavors/ioflavors/common/servercmd"
	"github.com/ioflavors/ioflavors/eventloop"
)

// Each loop costs descriptors, a thread and memory, so too many loops are refused
// before the first one is made.
func TestSoManyLoopsAreRefused(t *testing.T) {
	for _, loops := range []string{"0", "-1", "1025", "100000"} {
		var stdout, stderr bytes.Buffer
		args := []string{"--addr", "127.0.0.1:0", "--loops", loops}
		assert.Equal(t, 2, servercmd.Run(t.Context(), kvcmd.Program("kv-eventloop", eventloop.Command, nil), args, &stdout, &stderr), loops)
		assert.Regexp(t, `\Akv-eventloop: loops: `+loops+`; want 1 [^\n]+\n\z`, stderr.String(), "and nothing else")
	}
	for _, loops := range []int{-1, 1025, 100_000} {
		srv := eventloop.New(eventloop.Config{Loops: loops})
		err := srv.ListenAndServe("127.0.0.1:0")
		assert.ErrorContains(t, err, "loops: ")
		assert.Equal(t, err, srv.Validate())
	}
}
