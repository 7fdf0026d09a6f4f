package servertest_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/ioflavors/ioflavors/common/kvserver"
	"github.com/ioflavors/ioflavors/common/servertest"
)

// A variant with other numbers is tested in place of the declared one, and beside all
// others.
func TestAVariantWithOtherNumbers(t *testing.T) {
	plain := kvserver.Variant{Handlers: 1}
	declared := kvserver.Variant{Args: []string{"--workers", "64"}, Clients: 64}
	small := kvserver.Variant{Args: []string{"--workers", "2"}, Clients: 2}
	c := kvserver.Command{Model: "pool", Variants: []kvserver.Variant{plain, declared}}

	assert.Equal(t, []kvserver.Variant{plain, small}, servertest.With(c, small).Variants)
	assert.Equal(t, []kvserver.Variant{plain, declared}, c.Variants, "other tests have the declared one")
	for _, args := range [][]string{{"--loops", "2"}, {"--workers", "2", "--os-threads"}} {
		assert.Panics(t, func() { servertest.With(c, kvserver.Variant{Args: args}) }, "%q: a variant that the model does not declare", args)
	}
}
