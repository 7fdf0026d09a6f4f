package servertest

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// FindBreach is findBreach, for the tests with a server.
var FindBreach = findBreach

func TestBreach(t *testing.T) {
	put := func(value int, call, ret int64) operation {
		return operation{put: true, value: value, call: call, ret: ret}
	}
	get := func(value int, call, ret int64) operation { return operation{value: value, call: call, ret: ret} }
	for _, test := range []struct {
		name string
		ops  []operation
		bad  string // the reply without an explanation
	}{
		{name: "nothing"},
		{name: "nothing was put", ops: []operation{get(0, 1, 2)}},
		{"a value that was not put", []operation{put(1, 1, 2), get(7, 3, 4)}, "get: 7"},
		{"a stale get", []operation{put(1, 1, 2), put(2, 3, 4), get(2, 5, 6), get(1, 7, 8), get(2, 9, 10)}, "get: 1"},
		{"a lost put", []operation{put(1, 1, 2), get(0, 3, 4), get(1, 5, 6)}, "get: none"},
		{"a lost update", []operation{put(1, 1, 2), put(2, 3, 4), get(1, 5, 6)}, "get: 1"},
		{name: "during a put either", ops: []operation{put(1, 1, 2), put(2, 3, 8), get(1, 4, 5), get(2, 6, 7)}},
		{"during a put not back again", []operation{put(1, 1, 2), put(2, 3, 10), get(2, 4, 5), get(1, 6, 7)}, "get: 1"},
		{"read before it was put", []operation{get(1, 1, 2), put(1, 3, 4)}, "get: 1"},
		{name: "an unanswered put happened", ops: []operation{put(1, 1, unanswered), get(1, 2, 3)}},
		{name: "an unanswered put happened late", ops: []operation{put(1, 1, unanswered), put(2, 2, 3), get(2, 4, 5), get(1, 6, 7)}},
		{name: "an unanswered put never happened", ops: []operation{put(1, 1, unanswered), put(2, 2, 3), get(2, 4, 5)}},
		{"an unanswered put happened twice", []operation{put(1, 1, unanswered), get(1, 2, 3), put(2, 4, 5), get(2, 6, 7), get(1, 8, 9)}, "get: 1"},
		{"an unanswered put was read before", []operation{get(1, 1, 2), put(1, 3, unanswered)}, "get: 1"},
		{name: "an unanswered get says nothing", ops: []operation{put(1, 1, 2), get(0, 3, unanswered)}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := breach(test.ops); test.bad == "" {
				assert.Empty(t, got)
			} else {
				assert.Regexp(t, `\n> .*`+test.bad+`(\n|$)`, got)
			}
		})
	}
}
