package lab

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// A plan has time for an experiment with those servers that it is run with.
func TestLengthOfExperiments(t *testing.T) {
	serial, loop := &Server{Subject: Subject{Name: "serial", OneAtATime: true}}, &Server{Subject: Subject{Name: "eventloop"}}
	other := &Server{Subject: Subject{Name: "other", Protocol: "resp"}}
	p := Plan{Experiments: []string{"E6", "E8"}}
	assert.Zero(t, lengthOf(p, []*Server{other}))
	assert.Less(t, lengthOf(p, []*Server{serial}), lengthOf(p, []*Server{loop}))
}
