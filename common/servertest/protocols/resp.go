package protocols

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/ioflavors/ioflavors/common/exchanges"
	"github.com/ioflavors/ioflavors/common/resp"
	"github.com/ioflavors/ioflavors/common/servertest/dialogue"
	"github.com/ioflavors/ioflavors/common/session"
)

// RESP is Redis's protocol over memory. All connections share the data.
var RESP = dialogue.Protocol{
	Name: "resp",
	New:  func() session.Protocol { return resp.New(resp.Config{}) },
	Open: func() dialogue.Talk { return respTalk{} },
	Exchanges: []exchanges.Exchange{
		setup(respTalk{}.Put("exchanged", "a value")),
		setup(respTalk{}.Put("exchanged-too", strings.Repeat("long ", 100))),
		{Request: []byte("PING\r\n"), Reply: []byte("+PONG\r\n")},
		respTalk{}.Put("exchanged", "a value"),
		respTalk{}.Get("exchanged", "a value"),
		{Request: command("GET", "absent"), Reply: []byte("$-1\r\n")},
		{Request: command("GET"), Reply: []byte("-ERR wrong number of arguments for 'get' command\r\n")},
		respTalk{}.Put("exchanged-too", strings.Repeat("long ", 100)),
		respTalk{}.Get("exchanged-too", strings.Repeat("long ", 100)),
		{
			Request: command("MGET", "exchanged", "absent", "exchanged"),
			Reply:   []byte("*3\r\n$7\r\na value\r\n$-1\r\n$7\r\na value\r\n"),
		},
	},
	Quit:      exchanges.Exchange{Request: command("QUIT"), Reply: []byte("+OK\r\n")},
	NoRequest: exchanges.Exchange{Request: []byte("*x\r\n"), Reply: protocolError("invalid multibulk length")},
	TooLong: func(limit int) exchanges.Exchange {
		return exchanges.Exchange{
			Request: fmt.Appendf(nil, "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$%d\r\n", limit+1),
			Reply:   protocolError("invalid bulk length"),
		}
	},
	// Like Redis it gives the same reason whatever the limit is.
	Refusal: func(string) []byte { return []byte("-ERR max number of clients reached\r\n") },
}

type respTalk struct{}

func (respTalk) Put(key, value string) exchanges.Exchange {
	return exchanges.Exchange{Request: command("SET", key, value), Reply: []byte("+OK\r\n")}
}

func (respTalk) Get(key, value string) exchanges.Exchange {
	return exchanges.Exchange{Request: command("GET", key), Reply: fmt.Appendf(nil, "$%d\r\n%s\r\n", len(value), value)}
}

// command encodes a request as an array of bulk strings.
func command(words ...string) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "*%d\r\n", len(words))
	for _, word := range words {
		fmt.Fprintf(&b, "$%d\r\n%s\r\n", len(word), word)
	}
	return b.Bytes()
}

func protocolError(reason string) []byte { return []byte("-ERR Protocol error: " + reason + "\r\n") }
