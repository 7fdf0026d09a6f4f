package kv_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/ioflavors/ioflavors/common/kv"
	kvpb "github.com/ioflavors/ioflavors/common/proto/ioflavors/kv/v1"
)

func TestMessagesAreReadAndWrittenWithoutAllocation(t *testing.T) {
	key, value := []byte("key"), []byte(strings.Repeat("v", 300))
	for name, m := range map[string]kv.Message{
		"get":     {Key: key, Kind: kv.Get},
		"put":     {Key: key, Value: value, Kind: kv.PutOrUpdate},
		"found":   {Key: key, Value: value, Kind: kv.GetResponse},
		"absent":  {Key: key, Kind: kv.GetResponse, Status: kvpb.Status_NotOk},
		"stored":  {Kind: kv.PutOrUpdate},
		"refused": {Value: value, Kind: kv.Get, Status: kvpb.Status_NotOk},
	} {
		body := kv.AppendMessage(nil, m)
		assert.Zero(t, testing.AllocsPerRun(100, func() { kv.AppendMessage(body[:0], m) }), "AppendMessage, %s", name)
		assert.Zero(t, testing.AllocsPerRun(100, func() {
			if _, err := kv.Parse(body); err != nil {
				t.Fatal(err)
			}
		}), "Parse, %s", name)
	}
}
