package claims

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/ioflavors/ioflavors/tools/internal/format"
	"github.com/ioflavors/ioflavors/tools/internal/report/reporttest"
	"github.com/ioflavors/ioflavors/tools/internal/results"
)

func claimOf(t *testing.T, r *results.Results, id string) *Claim {
	t.Helper()
	for _, c := range Of(r) {
		if c.ID == id {
			return c
		}
	}
	t.Fatalf("no claim %s", id)
	return nil
}

func TestClaimsInOrder(t *testing.T) {
	r := reporttest.Sample(t)
	slices.Reverse(r.Claims)
	slices.Reverse(r.Trials)
	var ids []string
	for _, c := range Of(r) {
		ids = append(ids, c.ID)
	}
	assert.Equal(t, []string{"E2", "E6", "E8", "E10", "E11", "Z99"}, ids)
}

// Where nothing could be measured there is a reason and no number, which would
// be 0.
func TestNotMeasurable(t *testing.T) {
	c := claimOf(t, reporttest.Sample(t), "E10")
	assert.Empty(t, c.Headline.Value)
	assert.Equal(t, "there is one core", c.Headline.Why)
	assert.Equal(t, format.Absent, c.Findings[0].Value)
	assert.Nil(t, c.Strip)
}

func TestAForeignNumberIsNoFileName(t *testing.T) {
	r := reporttest.Sample(t)
	r.Claims[0].Experiment = "../../E2"
	for _, c := range Of(r) {
		assert.Regexp(t, `^[Ex][0-9]+$`, c.Anchor)
	}
}
