package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/common/conformance"
	"github.com/ioflavors/ioflavors/common/kv"
)

const (
	root = "../../.."
	page = root + "/docs/faults.md"
)

// docs/faults.md has a row for each fault, names only tests, rules and
// figures that exist, and names every rule and every row that tests a fault.
func TestFaultsPage(t *testing.T) {
	text := content(t, page)
	_, table, _ := strings.Cut(text, "## The faults\n")
	table, rest, _ := strings.Cut(table, "\n## ")
	_, figures, ok := strings.Cut(rest, beginMark)
	require.True(t, ok, "no figures")

	tests := testNames(t)
	numbered := numberedTests(t)
	named := make(map[string]int) // those of numbered that the page names
	quoted := regexp.MustCompile("`([^`]+)`")
	n := 0
	for line := range strings.Lines(table) {
		cells := strings.Split(strings.Trim(line, "|\n "), " | ")
		row, err := strconv.Atoi(cells[0])
		if err != nil {
			continue
		}
		n++
		require.Equal(t, n, row, "the next row")
		cells = strings.SplitN(line, "|", 7)
		require.Len(t, cells, 7, "row %d has five cells", row)
		for _, m := range quoted.FindAllStringSubmatch(cells[4], -1) {
			name := m[1]
			if faults, ok := numbered[name]; ok {
				assert.Equal(t, faults, row, "%s is about another row", name)
				named[name] = row
			} else {
				assert.True(t, tests[name], "row %d: there is no test %q", row, name)
			}
		}
		for _, m := range quoted.FindAllStringSubmatch(cells[5], -1) {
			assert.True(t, strings.Contains(figures, m[0]), "row %d: there is no figure %s", row, m[0])
		}
	}
	assert.Equal(t, 47, n, "rows")
	assert.Equal(t, numbered, named, "the rules and the commands' rows, and those that the page names")
}

// CONTRIBUTING.md lists the kinds of fault, each with existing tests that exclude
// it.
func TestKindsOfFault(t *testing.T) {
	_, table, ok := strings.Cut(content(t, root+"/CONTRIBUTING.md"), "\n## Kinds of fault")
	require.True(t, ok, "no section")
	table, _, _ = strings.Cut(table, "\n## ")

	tests, numbered := testNames(t), numberedTests(t)
	quoted := regexp.MustCompile("`([^`]+)`")
	kinds := 0
	for line := range strings.Lines(table) {
		if !strings.HasPrefix(line, "|") || strings.HasPrefix(line, "| kind |") || strings.HasPrefix(line, "|---") {
			continue
		}
		kinds++
		cells := strings.Split(line, "|")
		require.Len(t, cells, 6, line)
		shown := quoted.FindAllStringSubmatch(cells[4], -1)
		assert.NotEmpty(t, shown, "no test: %s", line)
		for _, m := range shown {
			assert.True(t, tests[m[1]] || numbered[m[1]] != 0, "there is no test %q: %s", m[1], line)
		}
	}
	assert.NotZero(t, kinds)
}

// SECURITY.md lists the boundaries that an attacker may try to cross, each with
// existing tests that it holds.
func TestSecurityPage(t *testing.T) {
	_, table, ok := strings.Cut(content(t, root+"/SECURITY.md"), "| boundary |")
	require.True(t, ok, "no boundaries")
	table, _, _ = strings.Cut(table, "\n\n")
	tests, numbered := testNames(t), numberedTests(t)
	quoted := regexp.MustCompile("`([^`]+)`")
	for _, line := range strings.Split(table, "\n")[2:] {
		cells := strings.Split(line, "|")
		require.Len(t, cells, 6, line)
		shown := quoted.FindAllStringSubmatch(cells[4], -1)
		assert.NotEmpty(t, shown, "no test: %s", line)
		for _, m := range shown {
			assert.True(t, tests[m[1]] || numbered[m[1]] != 0, "there is no test %q: %s", m[1], line)
		}
	}
}

// The page states the depth to which groups may nest. The rule requires of other
// servers only what the protobuf library does: to refuse a greater depth.
func TestTheFaultsPageHasTheParsersDepth(t *testing.T) {
	depth := func(text string) int {
		m := regexp.MustCompile(`groups nested (?:over )?([\d,]+) deep`).FindStringSubmatch(text)
		require.NotNil(t, m, text)
		n, err := strconv.Atoi(strings.ReplaceAll(m[1], ",", ""))
		require.NoError(t, err)
		return n
	}
	assert.Equal(t, kv.MaxGroupDepth, depth(content(t, page)))
	rules := conformance.Rules()
	rule := rules[slices.IndexFunc(rules, func(r conformance.Rule) bool { return r.ID == "deep-groups" })]
	assert.Greater(t, depth(rule.Title), kv.MaxGroupDepth)
}

// numberedTests returns the fault of each rule of the protocol, and of each
// of proctest's rows.
func numberedTests(t *testing.T) map[string]int {
	all := make(map[string]int)
	for _, r := range conformance.Rules() {
		if r.Fault != 0 {
			all[r.ID] = r.Fault
		}
	}
	rows := regexp.MustCompile(`\{(\d+), "([^"]+)", \w+, (?:in\([\w.]+, )?test\w+\)?\}`)
	for _, m := range rows.FindAllStringSubmatch(content(t, root+"/common/servertest/proctest/proctest.go"), -1) {
		number, err := strconv.Atoi(m[1])
		require.NoError(t, err)
		all[m[2]] = number
	}
	require.Contains(t, all, "SIGTERM loses nothing", "rows are found")
	return all
}

// testNames returns the names of all test functions, and of the tests in the
// suite of all models, such as "churn" or "limits/output".
func testNames(t *testing.T) map[string]bool {
	all := make(map[string]bool)
	function := regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)\(`)
	require.NoError(t, filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, "_test.go") {
			for _, m := range function.FindAllStringSubmatch(content(t, path), -1) {
				all[m[1]] = true
			}
		}
		return err
	}))

	// The suite's group limits, for example, is the function testLimits.
	group := regexp.MustCompile(`(?m)^func test(\w+)\(t \*testing\.T, \w+ Target\) \{\n(?:\t.*\n|\n)*`)
	part := regexp.MustCompile(`t\.Run\("([^"]+)", `)
	files, err := filepath.Glob(root + "/common/servertest/*.go")
	require.NoError(t, err)
	for _, file := range files {
		for _, g := range group.FindAllStringSubmatch(content(t, file), -1) {
			name := strings.ToLower(g[1])
			all[name] = true
			for _, p := range part.FindAllStringSubmatch(g[0], -1) {
				all[name+"/"+p[1]] = true
			}
		}
	}
	return all
}

func content(t *testing.T, file string) string {
	data, err := os.ReadFile(file)
	require.NoError(t, err)
	return string(data)
}
