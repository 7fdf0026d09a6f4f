package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const labPrinted = `ioflavors lab · 3 servers
Linux

What a request costs
MODEL          RULES   1 conn  50 conns
eventloop      53/53     7.65      1.11
eventloop --loops 2  53/53  7  2.22
iouring        53/53     7.72      3.33

How fast, in a closed loop

A note.

eventloop is cheapest.
  Take it.

MODEL          request
eventloop       1.11µs
slow client: the others' longest wait
→ report.html · results.json
`

const readmePage = "# A page\n\n| model | CPU |\n|---|---|\n| [`eventloop`](eventloop/README.md) | one | 9.99 |\n" +
	"| … `--loops 2` | two | 9.99 |\n| [`iouring`](iouring/README.md) | ring | 9.99 |\n\n```text\nold\nslow client: old\n```\n\nThe end.\n"

func TestARunIsWrittenIntoThePages(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	require.NoError(t, os.Mkdir("docs", 0o700))
	require.NoError(t, os.WriteFile(wholeRun, []byte("Before.\n\n```text\nioflavors lab · old\n```\nAfter.\n"), 0o600))
	require.NoError(t, os.WriteFile(firstRun, []byte(readmePage), 0o600))
	require.NoError(t, writeSample(strings.NewReader(labPrinted)))

	page, err := os.ReadFile(filepath.Join(dir, wholeRun))
	require.NoError(t, err)
	assert.Equal(t, "Before.\n\n```text\n"+labPrinted+"```\nAfter.\n", string(page))
	page, err = os.ReadFile(filepath.Join(dir, firstRun))
	require.NoError(t, err)
	for _, row := range []string{"| one | 1.11 |\n", "| two | 2.22 |\n", "| ring | 3.33 |\n"} {
		assert.Contains(t, string(page), row)
	}
	assert.Contains(t, string(page), "```text\neventloop is cheapest.\n  Take it.\n\nMODEL ")
	assert.Contains(t, string(page), "\nslow client: the others' longest wait\n```\n\nThe end.\n")
}

// A run that lacks a server of the README changes no page.
func TestAnIncompleteRunChangesNoPage(t *testing.T) {
	t.Chdir(t.TempDir())
	require.NoError(t, os.Mkdir("docs", 0o700))
	lab := "```\n\n```text\nioflavors lab · old\n```\n"
	require.NoError(t, os.WriteFile(wholeRun, []byte(lab), 0o600))
	require.NoError(t, os.WriteFile(firstRun, []byte(readmePage), 0o600))
	incomplete := strings.Replace(labPrinted, "iouring  ", "other    ", 1)
	assert.ErrorContains(t, writeSample(strings.NewReader(incomplete)), "no cost of iouring")
	for _, output := range []string{"", "interrupted\n", "ioflavors lab · \n"} {
		assert.Error(t, writeSample(strings.NewReader(output)), output)
	}
	for name, want := range map[string]string{wholeRun: lab, firstRun: readmePage} {
		page, err := os.ReadFile(name)
		require.NoError(t, err)
		assert.Equal(t, want, string(page))
	}
}
