package multiblocking_test

import (
	"bytes"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/common/kvcmd"
	"github.com/ioflavors/ioflavors/common/server"
	"github.com/ioflavors/ioflavors/common/servercmd"
	"github.com/ioflavors/ioflavors/common/servertest"
	"github.com/ioflavors/ioflavors/multiblocking"
)

// More workers than clients would never have a client, so such a number is a
// mistake, and is refused.
func TestSoManyWorkersAreRefused(t *testing.T) {
	for workers, more := range map[string][]string{
		"-1": nil, "10001": nil, "1000000": nil, "8": {"--max-conns", "7"},
	} {
		var stdout, stderr bytes.Buffer
		args := append([]string{"--addr", "127.0.0.1:0", "--workers", workers}, more...)
		assert.Equal(t, 2, servercmd.Run(t.Context(), kvcmd.Program("kv-multiblocking", multiblocking.Command, nil), args, &stdout, &stderr), workers)
		assert.Regexp(t, `\Akv-multiblocking: workers: `+workers+`; want [^\n]+\n\z`, stderr.String(), "and nothing else")
	}
	srv := multiblocking.New(multiblocking.Config{Workers: 1_000_000})
	err := srv.ListenAndServe("127.0.0.1:0")
	assert.ErrorContains(t, err, "workers: ")
	assert.Equal(t, err, srv.Validate())
	unlimited := server.Config{Limits: server.Limits{MaxConns: -1}}
	assert.NoError(t, multiblocking.New(multiblocking.Config{Config: unlimited, Workers: 1_000_000}).Validate())
}

// The pool starts a worker only for a client, however large Workers is.
func TestAWorkerIsStartedForAClient(t *testing.T) {
	before := runtime.NumGoroutine()
	const workers = 5000
	addr := servertest.Serve(t, multiblocking.New(multiblocking.Config{Workers: workers}))
	for range 3 {
		ctx, c := servertest.Dial(t, addr)
		require.NoError(t, c.Put(ctx, "k", "v"))
	}
	assert.Less(t, runtime.NumGoroutine(), before+workers)
}
