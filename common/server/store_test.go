package server

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/common/kv"
	"github.com/ioflavors/ioflavors/common/memlimit"
	"github.com/ioflavors/ioflavors/common/store"
)

// A client could once fill the machine's memory by putting new keys.
func TestTheStoreHasALimitByDefault(t *testing.T) {
	usage := func(cfg Config, traits Traits) *StoreUsage {
		return NewCore(cfg, traits, 1).Lifecycle(nil).Stats().Store
	}
	for _, traits := range []Traits{{}, {Threads: true}} {
		assert.Equal(t, &StoreUsage{0, memlimit.Bytes() / 4}, usage(Config{}, traits))
		assert.Equal(t, &StoreUsage{0, 0}, usage(Config{Limits: Limits{StoreLimit: -1}}, traits))
		assert.Equal(t, &StoreUsage{0, 1000}, usage(Config{Limits: Limits{StoreLimit: 1000}}, traits))
	}
	assert.Equal(t, &StoreUsage{0, 7}, usage(Config{Store: store.NewSharded(7)}, Traits{}), "one that the caller has made")
	assert.Nil(t, usage(Config{Store: explosive{store.New(7)}}, Traits{}), "one that does not say")
}

// The log warns of a full store while puts still succeed.
func TestTheLogWarnsBeforeTheStoreIsFull(t *testing.T) {
	logged(t, Config{Limits: Limits{StoreLimit: 10_000}}, func(core *Core, log *strings.Builder) {
		c := open(core)
		for i := 0; core.Lifecycle(nil).Stats().Store.Bytes <= 9_000; i++ {
			c.receive(request(kv.PutOrUpdate, fmt.Sprint(i), strings.Repeat("v", 100)))
			c.flush()
		}
		synctest.Wait()
		assert.Equal(t, 1, strings.Count(log.String(), "the store is nearly full"), log)
		require.Zero(t, core.storeFull.Load())
		assert.Contains(t, log.String(), "limit=10000")
		c.Closed()
	})
}
