package lab

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/ioflavors/ioflavors/tools/internal/results"
)

// A plan has time for an experiment with the servers that run it.
func TestLengthOfExperiments(t *testing.T) {
	serial, loop := &results.Server{Target: results.Target{Name: "serial", OneAtATime: true}}, &results.Server{Target: results.Target{Name: "eventloop"}}
	other := &results.Server{Target: results.Target{Name: "other", Protocol: "resp"}}
	p := results.Plan{Experiments: []string{"E6", "E8"}}
	assert.Zero(t, lengthOf(p, []*results.Server{other}))
	assert.Less(t, lengthOf(p, []*results.Server{serial}), lengthOf(p, []*results.Server{loop}))
}
