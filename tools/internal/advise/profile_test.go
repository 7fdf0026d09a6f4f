package advise

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestProfilesThatNobodyCanHave(t *testing.T) {
	require.NoError(t, testProfile().Validate())
	for text, wrong := range map[string]func(*Profile){
		"the least is 1":             func(p *Profile) { p.Connections = 0 },
		"1001 active connections":    func(p *Profile) { p.Active = 1001 },
		"want requests per second":   func(p *Profile) { p.Rate = 0 },
		"values of -1 bytes":         func(p *Profile) { p.Value = -1 },
		"p99 0s":                     func(p *Profile) { p.P99 = 0 },
		"the handler alone takes":    func(p *Profile) { p.Handler = 6 * time.Millisecond },
		"9999 cores for the server":  func(p *Profile) { p.Cores = 9999 },
		"8.00 cores of computing":    func(p *Profile) { p.Handler, p.Computes = 4*time.Millisecond, true },
		"over 1 active connection":   func(p *Profile) { p.Handler, p.Active = 4*time.Millisecond, 1 },
		"share of puts":              func(p *Profile) { p.Puts = 2 },
		"handler 1s: want from 0 to": func(p *Profile) { p.Handler = time.Second },
	} {
		p := testProfile()
		wrong(&p)
		assert.ErrorContains(t, p.Validate(), text)
	}
}

// Large values and slow handlers leave few keys, so that storing them takes
// neither all memory nor all day.
func TestProfileKeys(t *testing.T) {
	p := testProfile()
	assert.Equal(t, 10_000, p.workload().Keys)
	p.Value = 1 << 19
	assert.Equal(t, 128, p.workload().Keys)
	p.Handler = 5 * time.Millisecond
	assert.Equal(t, 50, p.workload().Keys)
}
