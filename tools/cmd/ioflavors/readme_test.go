package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// block returns a page's first code block that begins with a text.
func block(t *testing.T, page, language, begin string) string {
	data, err := os.ReadFile(filepath.Join("../../..", page))
	require.NoError(t, err)
	_, text, found := strings.Cut(string(data), "\n```"+language+"\n"+begin)
	require.True(t, found, "%s has no such block", page)
	text, _, _ = strings.Cut(text, "\n```\n")
	return begin + text + "\n"
}

// The sample is the output for a reader who follows the page: the lab runs
// within a checkout, where it can count the models' code.
func TestTheSampleIsFromACheckout(t *testing.T) {
	sample := block(t, "docs/lab.md", "text", "ioflavors lab · ")
	assert.Regexp(t, `(?m)^E0 .+ (CONFIRMED|REFUTED|ONLY WHEN) +[\d.]+ lines`, sample)
	assert.NotContains(t, sample, "checkout")
}

// The README's figures are from one run, which docs/lab.md shows completely.
func TestTheReadmesFiguresAreTheSamples(t *testing.T) {
	sample := block(t, "docs/lab.md", "text", "ioflavors lab · ")
	answer := block(t, "README.md", "text", "")
	assert.Contains(t, answer, "\nslow client: ")
	assert.Contains(t, sample, "\n\n"+strings.TrimSuffix(answer, "\n"))
	_, table, _ := strings.Cut(sample, "\nWhat a request costs\n")
	table, _, _ = strings.Cut(table, "\n\n")

	readme, err := os.ReadFile("../../../README.md")
	require.NoError(t, err)
	row := regexp.MustCompile("(?m)^\\| (?:\\[`(\\w+)`\\]\\([^)]+\\)|… `([^`]+)`) \\|.* ([\\d.]+) \\|$")
	module, rows := "", 0
	for _, m := range row.FindAllStringSubmatch(string(readme), -1) {
		rows++
		if m[1] != "" {
			module = m[1]
		}
		name := strings.TrimSpace(module + " " + m[2])
		fifty := regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(name) + ` +\d+/\d+ +\S+ +(\S+)`).FindStringSubmatch(table)
		require.NotNil(t, fifty, name)
		assert.Equal(t, fifty[1], m[3], name)
	}
	assert.Len(t, regexp.MustCompile(`(?m)^\w.* \d+/\d+ `).FindAllString(table, -1), rows, "a row for each server of the run")
}

func TestTheReadmeIsOnePage(t *testing.T) {
	readme, err := os.Stat("../../../README.md")
	require.NoError(t, err)
	assert.LessOrEqual(t, readme.Size(), int64(8192))
}

// The pages' programs compile unchanged. They name their protocols: without one they would
// not serve.
func TestThePagesProgramsCompile(t *testing.T) {
	for page, protocol := range map[string]string{
		"README.md":       "Protocol: session.Split(",
		"docs/running.md": "Protocol: kv.New(",
	} {
		file, program := filepath.Join(t.TempDir(), "main.go"), block(t, page, "go", "package main\n")
		assert.Contains(t, program, protocol)
		require.NoError(t, os.WriteFile(file, []byte(program), 0o600))
		out, err := exec.CommandContext(t.Context(), "go", "vet", file).CombinedOutput()
		assert.NoError(t, err, "%s: %s", page, out)
	}
}
