package redisclients_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/common/resp"
	"github.com/ioflavors/ioflavors/tools/internal/models"
)

// conns is the number of connections that a client may have to a variant.
func conns(v models.Variant) int {
	if v.OneAtATime() {
		return 1 // others would wait for the first one's turn to end
	}
	return 8
}

// options are a client's options for a variant. Notifications of maintenance are off,
// because this server has none.
func options(v models.Variant, addr string) *redis.Options {
	return &redis.Options{
		Addr: addr, PoolSize: conns(v), MaxActiveConns: conns(v),
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
	}
}

func TestGoRedis(t *testing.T) {
	for _, version := range []int{2, 3} {
		t.Run(fmt.Sprint("RESP", version), func(t *testing.T) {
			everyModel(t, resp.Config{Password: "secret"}, func(t *testing.T, v models.Variant, addr string) {
				ctx := t.Context()
				o := options(v, addr)
				o.Protocol, o.Password, o.ClientName = version, "secret", "test"
				c := redis.NewClient(o)
				defer c.Close()
				require.NoError(t, c.Ping(ctx).Err())

				binary := strings.Repeat("\x00\xff\r\n", 50_000)
				require.NoError(t, c.Set(ctx, "binary", binary, 0).Err())
				got, err := c.Get(ctx, "binary").Result()
				require.NoError(t, err)
				require.True(t, got == binary)
				require.ErrorIs(t, c.Get(ctx, "none").Err(), redis.Nil)
				require.NoError(t, c.MSet(ctx, "a", 1, "b", "two").Err())
				require.Equal(t, []any{"1", nil, "two"}, c.MGet(ctx, "a", "none", "b").Val())
				_, err = c.Incr(ctx, "b").Result()
				require.EqualError(t, err, "ERR value is not an integer or out of range")
				set, err := c.SetNX(ctx, "a", "x", 0).Result()
				require.NoError(t, err)
				require.False(t, set)
				require.EqualValues(t, 4, c.Append(ctx, "a", "234").Val())
				require.Equal(t, "1234", c.GetDel(ctx, "a").Val())
				require.EqualValues(t, 2, c.DBSize(ctx).Val())
				keys, cursor, err := c.Scan(ctx, 0, "b*", 100).Result()
				require.NoError(t, err)
				require.Zero(t, cursor)
				require.ElementsMatch(t, []string{"b", "binary"}, keys)
				require.ErrorContains(t, c.LPush(ctx, "list", "x").Err(), "ERR unknown command 'lpush'")
				require.Equal(t, "test", c.ClientGetName(ctx).Val())
				require.Contains(t, c.Info(ctx, "keyspace").Val(), "db0:keys=2")
				require.NoError(t, c.FlushAll(ctx).Err())
				require.Zero(t, c.Exists(ctx, "b", "binary").Val())
			})
		})
	}
}

// Many goroutines count, in pipelines; no addition is lost.
func TestGoRedisCounts(t *testing.T) {
	everyModel(t, resp.Config{}, func(t *testing.T, v models.Variant, addr string) {
		ctx := t.Context()
		goroutines := conns(v)
		c := redis.NewClient(options(v, addr))
		defer c.Close()
		const pipelines, each = 10, 20
		var all sync.WaitGroup
		for range goroutines {
			all.Go(func() {
				for range pipelines {
					_, err := c.Pipelined(ctx, func(p redis.Pipeliner) error {
						for range each {
							p.Incr(ctx, "n")
						}
						return nil
					})
					assert.NoError(t, err)
				}
			})
		}
		all.Wait()
		var n *redis.StringCmd
		_, err := c.Pipelined(ctx, func(p redis.Pipeliner) error { // outside a pipeline it would take another connection
			n = p.Get(ctx, "n")
			return nil
		})
		require.NoError(t, err)
		require.Equal(t, fmt.Sprint(goroutines*pipelines*each), n.Val())
	})
}
