package proctest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/ioflavors/ioflavors/common/conformance/probe"
	"github.com/ioflavors/ioflavors/common/server"
)

// testFullStore fills a store with a limit of 8 MiB with values of 64 KiB.
func testFullStore(t *testing.T, target server.Variant) {
	const limit, size = 8 << 20, 64 << 10
	srv := start(t, target, append(unhurried(target), "--store-limit", "8MiB")...)
	before := srv.usage().rss
	c := srv.dial()
	value := func(i int) string { return strings.Repeat(string(rune('a'+i%26)), size) }
	stored := 0
	for ; stored <= limit/size; stored++ {
		c.Send(probe.Put(fmt.Sprint(stored), value(stored)))
		if m := c.Receive(); m != probe.Stored {
			assert.EqualValues(t, probe.NotOk, m.Status)
			assert.NotEmpty(t, m.Value, "a reason")
			break
		}
	}
	st := srv.stats()
	assert.EqualValues(t, 1, st.StoreFull)
	assert.EqualValues(t, limit, st.Store.Limit)
	assert.Greater(t, st.Store.Bytes, int64(limit*9/10))
	srv.wantLog("the store is nearly full; when it is full, puts get an error")
	assert.Equal(t, limit/size-1, stored, "one of them gives way to bookkeeping")
	for i := range stored {
		c.Send(probe.Get(fmt.Sprint(i)))
		c.Want(probe.Found(fmt.Sprint(i), value(i)))
	}
	figure(t, "values-stored", "%d", stored)
	figureMiB(t, "rss-growth-MiB", srv.usage().rss-before)
	talk(c, "0") // a smaller value frees memory
}
