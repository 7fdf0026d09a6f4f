package session_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// One case is missing: a pipeline whose last frame arrives in two parts. Its
// first output is long and its second short, which is the size that the next
// output begins with, and outgrows.
func TestAnsweringFromAStoreAllocatesNothing(t *testing.T) {
	for _, c := range []struct {
		name  string
		depth int
		split bool
	}{
		{"one request", 1, false},
		{"one request in two parts", 1, true},
		{"sixteen requests", 16, false},
	} {
		for _, op := range []string{"get", "put"} {
			turn := newTurn(op, c.depth, c.split)
			before := turn.s.Answered()
			const runs = 200
			assert.Zero(t, testing.AllocsPerRun(runs, turn.run), "%s, %s", op, c.name)
			assert.EqualValues(t, (1+runs)*c.depth, turn.s.Answered()-before, "%s, %s", op, c.name)
		}
	}
}
