package session_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestAnsweringFromAStoreAllocatesNothing(t *testing.T) {
	for _, c := range []struct {
		name  string
		depth int
		split bool
	}{
		{"one request", 1, false},
		{"one request in two parts", 1, true},
		{"sixteen requests", 16, false},
		{"sixteen requests, the last in two parts", 16, true},
	} {
		for _, op := range []string{"get", "put"} {
			turn := newTurn(op, c.depth, c.split)
			before := turn.s.Answered()
			const runs = 200
			if allocs := testing.AllocsPerRun(runs, turn.run); !raceDetector {
				assert.Zero(t, allocs, "%s, %s", op, c.name)
			}
			assert.EqualValues(t, (1+runs)*c.depth, turn.s.Answered()-before, "%s, %s", op, c.name)
		}
	}
}
