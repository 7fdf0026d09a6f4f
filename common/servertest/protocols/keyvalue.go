package protocols

import (
	"fmt"
	"strings"

	"github.com/ioflavors/ioflavors/common/conformance/probe"
	"github.com/ioflavors/ioflavors/common/exchanges"
	"github.com/ioflavors/ioflavors/common/kv"
	"github.com/ioflavors/ioflavors/common/servertest/dialogue"
	"github.com/ioflavors/ioflavors/common/session"
)

// KeyValue is the key/value protocol over memory. All connections share the data.
var KeyValue = dialogue.Protocol{
	Name: "kv",
	New:  func() session.Protocol { return kv.New(kv.Config{}) },
	Open: func() dialogue.Talk { return keyValueTalk{} },
	Exchanges: []exchanges.Exchange{
		setup(keyValueTalk{}.Put("exchanged", "a value")),
		setup(keyValueTalk{}.Put("exchanged-too", strings.Repeat("long ", 100))),
		keyValueTalk{}.Put("exchanged", "a value"),
		keyValueTalk{}.Get("exchanged", "a value"),
		{Request: probe.Get("absent"), Reply: message(probe.Absent("absent"))},
		keyValueTalk{}.Put("exchanged-too", strings.Repeat("long ", 100)),
		keyValueTalk{}.Get("exchanged-too", strings.Repeat("long ", 100)),
	},
	NoRequest: exchanges.Exchange{
		Request: []byte("GET / HTTP/1.1\r\n"),
		Reply:   refusal("frame too long: length 542393671, the limit is 1048576 bytes"),
	},
	TooLong: func(limit int) exchanges.Exchange {
		return exchanges.Exchange{
			Request: probe.Header(uint32(limit + 1)),
			Reply:   refusal(fmt.Sprintf("frame too long: length %d, the limit is %d bytes", limit+1, limit)),
		}
	},
	Refusal: refusal,
}

type keyValueTalk struct{}

func (keyValueTalk) Put(key, value string) exchanges.Exchange {
	return exchanges.Exchange{Request: probe.Put(key, value), Reply: message(probe.Stored)}
}

func (keyValueTalk) Get(key, value string) exchanges.Exchange {
	return exchanges.Exchange{Request: probe.Get(key), Reply: message(probe.Found(key, value))}
}

func message(m probe.Message) []byte { return probe.Frame(probe.Body(m)) }

func refusal(reason string) []byte {
	return message(probe.Message{Status: probe.NotOk, Value: reason})
}
