package load

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/common/exchanges"
)

func TestWorkloadsInWords(t *testing.T) {
	w := DefaultWorkload()
	assert.Equal(t, "90 % gets, 10,000 keys, 64-byte values", w.Words())
	w.MaxValue, w.Distribution = 100, Zipfian
	assert.Equal(t, "90 % gets, 10,000 keys, 64- to 100-byte values, zipfian", w.Words())

	ping := exchanges.Exchange{Request: []byte("ping\n"), Reply: []byte("pong\n")}
	login := exchanges.Exchange{Request: []byte("ann\n"), Reply: []byte("ok\n"), Setup: true}
	one, err := NewExchanges("talk.txt", []exchanges.Exchange{ping})
	require.NoError(t, err)
	assert.Equal(t, "1 exchange of talk.txt", w.Of(one).Words())
	several, err := NewExchanges("talk\x1b.txt", []exchanges.Exchange{login, ping, ping})
	require.NoError(t, err)
	assert.Equal(t, `2 exchanges of talk\u001b.txt (after 1 that set up each connection)`, w.Of(several).Words())
	_, err = NewExchanges("talk.txt", []exchanges.Exchange{login})
	assert.ErrorContains(t, err, "talk.txt: no exchange to repeat")
	assert.Equal(t, w, w.Of(nil))
}

// The least workload has one request, and is as valid as the whole one.
func TestTheLeastWorkload(t *testing.T) {
	assert.Equal(t, 1, DefaultWorkload().Least().Keys)
	login := exchanges.Exchange{Request: []byte("ann\n"), Reply: []byte("ok\n"), Setup: true}
	ping := exchanges.Exchange{Request: []byte("ping\n"), Reply: []byte("pong\n")}
	for _, all := range [][]exchanges.Exchange{{login, ping}, {ping, ping}} {
		e, err := NewExchanges("talk.txt", all)
		require.NoError(t, err)
		least := DefaultWorkload().Of(e).Least()
		assert.Equal(t, all[:1], least.Exchanges.All)
		assert.Equal(t, 1, least.Exchanges.Setup+least.Exchanges.Repeated)
		assert.Len(t, e.All, 2, "the whole one stays")
	}
}

// JSON names the file and says how much there is in it, without the bytes.
func TestExchangesInJSON(t *testing.T) {
	e, err := NewExchanges("talk.txt", []exchanges.Exchange{{Request: []byte("ping\n"), Reply: []byte("pong!\n")}})
	require.NoError(t, err)
	text, err := json.Marshal(DefaultWorkload().Of(e))
	require.NoError(t, err)
	assert.Contains(t, string(text), `"protocol":"exchanges","exchanges":{"file":"talk.txt","setup":0,"repeated":1,"largest_bytes":6}`)
	text, err = json.Marshal(DefaultWorkload())
	require.NoError(t, err)
	assert.NotContains(t, string(text), "exchanges")
}
