package main

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The README's sample shows what a reader sees who follows it: the lab within a
// checkout, where the models' code is there to be counted.
func TestTheReadmesSampleIsFromACheckout(t *testing.T) {
	text, err := os.ReadFile("../../../README.md")
	require.NoError(t, err)
	_, sample, found := strings.Cut(string(text), "\n```text\nioflavors lab · ")
	require.True(t, found)
	sample, _, _ = strings.Cut(sample, "\n```\n")
	assert.Regexp(t, `(?m)^E0 .+ (CONFIRMED|REFUTED|ONLY WHEN) +[\d.]+ lines`, sample)
	assert.NotContains(t, sample, "checkout")
}
