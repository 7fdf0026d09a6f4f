package redisclients_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/redis/rueidis"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/common/resp"
	"github.com/ioflavors/ioflavors/tools/internal/models"
)

// rueidis sends the commands of all goroutines over one connection. Client-side caching
// is off, because it needs pushes.
func TestRueidis(t *testing.T) {
	for _, old := range []bool{false, true} {
		t.Run(fmt.Sprint("RESP2=", old), func(t *testing.T) {
			everyModel(t, resp.Config{Password: "secret"}, func(t *testing.T, _ models.Variant, addr string) {
				ctx := t.Context()
				c, err := rueidis.NewClient(rueidis.ClientOption{
					InitAddress: []string{addr}, Password: "secret", ClientName: "test", ForceSingleClient: true,
					DisableCache: true, AlwaysRESP2: old, PipelineMultiplex: -1,
				})
				require.NoError(t, err)
				defer c.Close()
				binary := strings.Repeat("\x00\xff\r\n", 50_000)
				require.NoError(t, c.Do(ctx, c.B().Set().Key("binary").Value(binary).Build()).Error())
				got, err := c.Do(ctx, c.B().Get().Key("binary").Build()).ToString()
				require.NoError(t, err)
				require.True(t, got == binary)
				require.True(t, rueidis.IsRedisNil(c.Do(ctx, c.B().Get().Key("none").Build()).Error()))

				var commands rueidis.Commands
				for range 500 {
					commands = append(commands, c.B().Incr().Key("n").Build())
				}
				for i, reply := range c.DoMulti(ctx, commands...) {
					n, err := reply.AsInt64()
					require.NoError(t, err)
					require.EqualValues(t, i+1, n)
				}
				texts, err := c.Do(ctx, c.B().Mget().Key("n", "none").Build()).AsStrSlice()
				require.NoError(t, err)
				require.Equal(t, []string{"500", ""}, texts)
				require.ErrorContains(t, c.Do(ctx, c.B().Lpush().Key("l").Element("x").Build()).Error(), "unknown command 'LPUSH'")
			})
		})
	}
}
