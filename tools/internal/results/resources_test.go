package results

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/tools/internal/load"
)

// More CPU time than the cores have is a fault of the measurement, and is not
// cut off, unless the clocks can be as wrong as that.
func TestMoreThanItsCoresIsADefect(t *testing.T) {
	for name, test := range map[string]struct {
		r             Resources
		share, excess float64 // seconds
	}{
		"all of a core":          {Resources{Cores: 1, Window: time.Second, CPU: time.Second}, 1, 0},
		"within the uncertainty": {Resources{Cores: 1, Window: time.Second, CPU: 1010 * time.Millisecond, Uncertainty: 10 * time.Millisecond}, 1, 0},
		"within the clock's own": {Resources{Cores: 1, Window: time.Second, CPU: time.Second + 500*time.Microsecond}, 1, 0},
		"a pause of the host's":  {Resources{Cores: 1, Window: 20 * time.Millisecond, CPU: 20*time.Millisecond + hostPause}, 1, 0},
		"beyond it":              {Resources{Cores: 1, Window: time.Second, CPU: 1020 * time.Millisecond, Uncertainty: 10 * time.Millisecond}, 1.02, 0.0085},
		"on two cores":           {Resources{Cores: 2, Window: time.Second, CPU: 1500 * time.Millisecond}, 1.5, 0},
		"beyond two cores":       {Resources{Cores: 2, Window: time.Second, CPU: 2100 * time.Millisecond}, 2.1, 0.0985},
	} {
		share, known := test.r.Share()
		assert.True(t, known, name)
		assert.InDelta(t, test.share, share, 1e-9, name)
		assert.InDelta(t, test.excess, test.r.Excess().Seconds(), 1e-9, name)
	}
}

func TestSharesAreKnownOrNot(t *testing.T) {
	var nothing *Resources
	for _, r := range []*Resources{nothing, {}, {CPU: time.Second}} {
		_, known := r.Share()
		assert.False(t, known)
		_, known = r.Waited()
		assert.False(t, known)
		_, known = r.Wanted()
		assert.False(t, known)
	}
	r := &Resources{Cores: 1, Window: time.Second, CPU: 300 * time.Millisecond}
	_, known := r.Waited()
	assert.False(t, known, "the kernel does not tell")
	wanted, known := r.Wanted()
	assert.True(t, known)
	assert.InDelta(t, 0.3, wanted, 1e-9, "the kernel tells no wait")
	r.RunQueue = new(500 * time.Millisecond)
	waited, known := r.Waited()
	assert.True(t, known)
	assert.InDelta(t, 0.5, waited, 1e-9)
	wanted, _ = r.Wanted()
	assert.InDelta(t, 0.8, wanted, 1e-9)
	r.RunQueue = new(5 * time.Second) // ten threads that wait for each other
	wanted, _ = r.Wanted()
	assert.InDelta(t, 1, wanted, 1e-9)
}

// An unknown figure is absent from the file. It is not 0.
func TestWhatTheKernelDoesNotTellIsAbsent(t *testing.T) {
	text, err := json.Marshal(Cell{Resources: &Resources{Window: time.Second}, Load: load.Result{}})
	require.NoError(t, err)
	for _, name := range []string{`"run_queue_ns"`, `"pss_bytes"`, `"run_queue"`, `"ceiling"`, `"cpu"`} {
		assert.NotContains(t, string(text), name)
	}
	sum := summarizeRuns([]Cell{{Load: load.Result{Requests: 1}, Resources: &Resources{Window: time.Second}}}, load.DefaultWorkload())
	text, err = json.Marshal(sum)
	require.NoError(t, err)
	assert.NotContains(t, string(text), `"run_queue"`)
	assert.NotContains(t, string(text), `"cpu_system"`)
	text, err = json.Marshal(Resources{RunQueue: new(time.Duration(0))})
	require.NoError(t, err)
	assert.Contains(t, string(text), `"run_queue_ns":0`, "nobody waited")
}

// A few ticks do not tell how CPU time is divided: 6 of 6 would be "100 %".
func TestFewTicksSayNothingOfTheKernelsShare(t *testing.T) {
	cell := func(user, system int) Cell {
		return Cell{Resources: &Resources{User: time.Duration(user) * UserTick, System: time.Duration(system) * UserTick}}
	}
	assert.Nil(t, systemShare(nil))
	assert.Nil(t, systemShare([]Cell{cell(0, 6)}))
	assert.Nil(t, systemShare([]Cell{cell(0, 12), cell(0, 12)}))
	all := systemShare([]Cell{cell(0, 12), cell(0, 13)})
	require.NotNil(t, all)
	assert.Equal(t, SystemShare{Share: 1, Low: 0.8, High: 1}, *all)
	assert.Equal(t, SystemShare{Share: 0.75, Low: 0.65, High: 0.85}, *systemShare([]Cell{cell(25, 75)}))
}
