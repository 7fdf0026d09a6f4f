package frame_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/ioflavors/ioflavors/common/frame"
)

func TestNothingIsAllocated(t *testing.T) {
	data := append(make1("body"), make1("next")...)
	assert.Zero(t, testing.AllocsPerRun(100, func() {
		for rest := data; len(rest) > 0; {
			_, n, err := frame.Next(rest, limit)
			if n == 0 || err != nil {
				t.Fatal(n, err)
			}
			rest = rest[n:]
		}
	}), "Next")

	buf := make([]byte, 0, len(data))
	assert.Zero(t, testing.AllocsPerRun(100, func() {
		out, mark := frame.Begin(buf)
		out = frame.End(append(out, "body"...), mark)
		out, mark = frame.Begin(out)
		_ = frame.End(append(out, "next"...), mark)
	}), "Begin and End")
}
