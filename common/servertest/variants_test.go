package servertest_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/ioflavors/ioflavors/common/server"
	"github.com/ioflavors/ioflavors/common/servertest"
)

// A variant with other numbers is tested in place of the declared one, and beside all
// others.
func TestAVariantWithOtherNumbers(t *testing.T) {
	plain := server.Variant{Handlers: 1}
	declared := server.Variant{Args: []string{"--workers", "64"}, Clients: 64}
	small := server.Variant{Args: []string{"--workers", "2"}, Clients: 2}
	c := server.Command{Model: "pool", Variants: []server.Variant{plain, declared}}

	assert.Equal(t, []server.Variant{plain, small}, servertest.With(c, small).Variants)
	assert.Equal(t, []server.Variant{plain, declared}, c.Variants, "other tests have the declared one")
	for _, args := range [][]string{{"--loops", "2"}, {"--workers", "2", "--os-threads"}} {
		assert.Panics(t, func() { servertest.With(c, server.Variant{Args: args}) }, "%q: a variant that the model does not declare", args)
	}
}
