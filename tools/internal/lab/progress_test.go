package lab

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestProgressLines(t *testing.T) {
	var out strings.Builder
	p := NewProgress(&out)
	p.start(90 * time.Second)
	p.doing("nothing that shows")
	p.finished(30*time.Second, "one is done")
	p.finished(30*time.Second, "")
	p.end()
	lines := strings.Split(out.String(), "\n")
	assert.Len(t, lines, 3)
	assert.Equal(t, "about 90 s", lines[0])
	assert.Regexp(t, `^one is done \(about \d+ s left\)$`, lines[1])
}

func TestProgressLive(t *testing.T) {
	var out strings.Builder
	p := NewLiveProgress(&out, func() int { return 20 })
	p.start(90 * time.Second)
	p.doing("a line that is too long for the terminal")
	p.doing("too soon after it")
	p.finished(30*time.Second, "not for here")
	p.end()
	p.end()
	assert.Equal(t, "\r\x1b[Ka line that is too \r\x1b[K", out.String())
}

func TestProgressSilent(t *testing.T) {
	p := new(Progress)
	p.start(time.Second)
	p.doing("x")
	p.finished(time.Second, "x")
	p.end()
}
