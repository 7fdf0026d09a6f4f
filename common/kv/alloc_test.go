package kv_test

import (
	"bytes"
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

// The protobuf library kept unknown fields: a frame of 1 MiB made 5 MB of garbage.
func TestUnusualMessagesAreReadWithoutAllocation(t *testing.T) {
	for name, body := range map[string][]byte{
		"unknown fields":  bytes.Repeat([]byte("\x28\x00"), kv.MaxFields),
		"too many fields": bytes.Repeat([]byte("\x28\x00"), 1<<19),
		"unknown texts":   bytes.Repeat([]byte("\x2a\x01x"), 1000),
		"repeated fields": bytes.Repeat([]byte("\x0a\x01k\x12\x01v\x18\x01"), 1000),
		"groups":          bytes.Repeat(nested(kv.MaxGroupDepth), 10),
		"deep groups":     nested(kv.MaxGroupDepth + 1),
		"no text":         []byte("\x0a\x01\xff"),
		"part of a field": []byte("\x0a\x05k"),
	} {
		assert.Zero(t, testing.AllocsPerRun(10, func() { _, _ = kv.Parse(body) }), name)
	}
}
