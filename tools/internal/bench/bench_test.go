package bench

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/ioflavors/ioflavors/common/conformance"
	"github.com/ioflavors/ioflavors/tools/internal/load"
	"github.com/ioflavors/ioflavors/tools/internal/results"
)

// If the server of an open loop waited for a core that other programs used, its cell is
// void, and its median too.
func TestACellOfAStarvedServerIsVoid(t *testing.T) {
	cell := results.Cell{Load: load.Result{Seconds: 1}, Resources: &results.Resources{Window: time.Second, RunQueue: new(time.Second / 2)}, Others: new(0.5)}
	voidStarved(&cell.Load, cell.Besides())
	assert.Equal(t, []string{"the server waited for a core for 50.0 % of the time, and other programs used 50.0 % of one"}, cell.Load.Void)
	assert.False(t, cell.Load.MedianStands())
	cell = results.Cell{Load: load.Result{Seconds: 1}, Resources: &results.Resources{CPU: time.Second}, Others: new(0.5)}
	voidStarved(&cell.Load, cell.Besides())
	assert.Empty(t, cell.Load.Void)
}

// A rule that was not judged counts as not failed.
func TestRulesThatWereNotJudged(t *testing.T) {
	g := conformanceOf(conformance.Report{Results: []conformance.Result{
		{Rule: conformance.Rule{ID: "put-get"}},
		{Rule: conformance.Rule{ID: "storm"}, Reason: "the server waited for a core", NotJudged: true},
	}})
	assert.Equal(t, results.Conformance{Passed: 1, Total: 2, NotJudged: []results.Failure{{Rule: "storm", Reason: "the server waited for a core"}}}, g)
	assert.Equal(t, "1/2?", g.String())
}

// A server is checked against all rules except its exceptions.
func TestExceptionsAreNotChecked(t *testing.T) {
	known := conformance.Rules()
	assert.Empty(t, rulesFor(results.Target{}), "without exceptions it is held to all")
	rules := rulesFor(results.Target{Exceptions: map[string]string{known[1].ID: "it is somebody else's"}})
	assert.Len(t, rules, len(known)-1)
	assert.NotContains(t, rules, known[1].ID)
}
