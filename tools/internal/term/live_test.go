package term

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/tools/internal/labtest"
)

// liveRun is a run of a hundred planned seconds on a terminal, before anything is
// measured; its clock is set by hand.
func liveRun(s *labtest.Screen) (p *Progress, clock *time.Time) {
	now := time.Unix(1e9, 0)
	p = NewLiveProgress(s, s.Size)
	p.Now = func() time.Time { return now }
	p.Start(100 * time.Second)
	return p, &now
}

func TestLiveLine(t *testing.T) {
	s := &labtest.Screen{T: t, Columns: 80, Rows: 24}
	p, clock := liveRun(s)
	*clock = clock.Add(30 * time.Second)
	p.Finished(30*time.Second, "not for here")
	*clock = clock.Add(10 * time.Second)
	p.Doing("multiblocking", "50 conns · round 2 of 3")
	assert.Equal(t, []string{"████░░░░░░░░░░░░  30 %  about 60 s left  multiblocking · 50 conns · round 2 …"}, s.Text())
	p.End()
	assert.Empty(t, s.Text())
}

// Whatever the terminal's size, the line does not wrap, and nothing is left of what was
// there before.
func TestLiveFits(t *testing.T) {
	for _, columns := range []int{2, 3, 5, 20, 40, 60, 70, 79, 80, 81, 90, 100, 119, 120, 121, 160, 200} {
		s := &labtest.Screen{T: t, Columns: columns, Rows: 2}
		p, clock := liveRun(s)
		for i := range 10 {
			*clock = clock.Add(time.Second)
			p.Finished(10*time.Second, "")
			p.Doing("busywait --one-at-a-time", "something that takes long · in a round")
			require.LessOrEqual(t, len(s.Text()), 1, "%d columns", columns)
			if columns >= 80 {
				require.Contains(t, s.Text()[0], fmt.Sprintf("%d %%  about ", (i+1)*10))
			}
		}
		_, _ = s.Write([]byte("^C"[:min(2, columns)]))
		p.End()
		require.Empty(t, s.Text(), "%d columns", columns)
	}
}

func TestLiveNoticesAnotherSize(t *testing.T) {
	s := &labtest.Screen{T: t, Columns: 120, Rows: 30}
	p, clock := liveRun(s)
	show := func() string {
		*clock = clock.Add(time.Second)
		p.Doing("eventloop", "50 conns · round 1 of 3")
		require.Len(t, s.Text(), 1)
		return s.Text()[0]
	}
	assert.Contains(t, show(), "round 1 of 3")
	s.Resize(40)
	assert.NotContains(t, show(), "█", "no room for the bar")
	s.Columns = 120
	assert.Contains(t, show(), "░")
	p.End()
	assert.Empty(t, s.Text())
}

func TestLiveIsDrawnFourTimesASecond(t *testing.T) {
	s := &labtest.Screen{T: t, Columns: 80, Rows: 24}
	p, clock := liveRun(s)
	var drawn []time.Time
	for range 500 {
		before := s.Writes
		p.Doing("eventloop", "50 conns")
		if s.Writes > before {
			drawn = append(drawn, *clock)
		}
		*clock = clock.Add(7 * time.Millisecond)
	}
	require.Len(t, drawn, 4*4, "in three and a half seconds")
	for i := 4; i < len(drawn); i++ {
		assert.GreaterOrEqual(t, drawn[i].Sub(drawn[i-4]), time.Second)
	}
}
