package results

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/ioflavors/ioflavors/tools/internal/load"
)

func TestTimeOfARequest(t *testing.T) {
	c := TimeCell{
		Server: "a", Requests: 1000, Samples: 90, Resources: &Resources{CPU: time.Second},
		Spent: map[Activity]time.Duration{TimeWrite: 600 * time.Millisecond, TimeRead: 300 * time.Millisecond},
	}
	assert.InDelta(t, 1e6, c.Total(), 1)
	assert.InDelta(t, 6e5, c.PerRequest(TimeWrite), 1)
	assert.InDelta(t, 1e5, c.Unsampled(), 1)
	assert.InDelta(t, 0.9, c.Explained(), 1e-9)
	assert.Zero(t, c.PerRequest(TimeStore))
	// 1.96·√(⅔·⅓/90) of 900 µs
	assert.InDelta(t, 87_600, c.Uncertainty(TimeWrite), 500)
	assert.InDelta(t, 3.0/90*9e5, c.Uncertainty(TimeWrite, TimeRead), 1, "all samples")
	assert.InDelta(t, 3.0/90*9e5, c.Uncertainty(TimeStore), 1, "none")

	c.Resources.CPU = 800 * time.Millisecond // the samples may stand for more
	assert.InDelta(t, 9e5, c.Total(), 1)
	assert.Zero(t, c.Unsampled())

	r := &Results{Time: []TimeCell{{Server: "b"}, {Server: "c", Requests: 1, Samples: 1, Resources: new(Resources)}, c}}
	assert.Nil(t, r.TimeOf("b"))
	assert.Nil(t, r.TimeOf("c"))
	assert.Equal(t, &r.Time[2], r.TimeOf("a"))
	assert.Equal(t, []Activity{TimeWrite, TimeRead}, r.Spends(0.005))
	assert.Equal(t, []Activity{TimeWrite}, r.Spends(0.5))
}

func TestTheWorkloadOfProfiles(t *testing.T) {
	for _, c := range []struct {
		shapes []Shape
		want   int
	}{
		{Shapes, 1},
		{[]Shape{{1, 1}}, 0},
		{[]Shape{{1, 1}, {100, 1}, {50, 16}}, 1},
		{[]Shape{{50, 16}, {60, 2}, {1000, 1}}, 1},
		{nil, 0},
	} {
		p := Plan{}
		if c.shapes != nil {
			p.Workloads = Workloads(load.DefaultWorkload(), c.shapes...)
		}
		assert.Equal(t, c.want, p.ProfileWorkload(), c.shapes)
	}
}
