package report

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/tools/internal/experiments"
	"github.com/ioflavors/ioflavors/tools/internal/results"
)

// FuzzResults edits the results of a real run as a user might with an editor. They give
// a page or an error, never a panic, and never a picture with a coordinate that is not a
// number. The run is lean and the page is not written, so there are many edits a second.
func FuzzResults(f *testing.F) {
	text := leanRun(f)
	f.Add([]byte{})
	f.Add([]byte("plan idle connections"))
	f.Add(bytes.Repeat([]byte{7, 3, 200, 31}, 20))
	f.Fuzz(func(t *testing.T, choices []byte) {
		tree := decoded(t, text)
		for e := (editor{choices}); len(e.choices) > 0; {
			tree = e.edit(tree)
		}
		text, err := json.Marshal(tree)
		require.NoError(t, err)
		show(t, text)
	})
}

// show makes a page of results, unless they are refused.
func show(t *testing.T, text []byte) {
	t.Helper()
	r, err := results.Decode(text)
	if err != nil {
		return
	}
	for _, p := range newPage(r).pictures() {
		for _, m := range p.Marks {
			for _, place := range []string{m.X, m.Y, m.Path} {
				if strings.Contains(place, "NaN") || strings.Contains(place, "Inf") {
					t.Fatalf("%s: %+v", p.ID, m)
				}
			}
		}
	}
}

// Most of these edits once ended the program, or kept it busy until memory was gone.
func TestEditedResultsGiveAPageOrAnError(t *testing.T) {
	text := realRun(t)
	for _, edit := range []struct{ path, value, err string }{
		{"plan idle_connections", `[]`, "idle: "},
		{"plan idle_connections 0", `-1`, "silent connections [-1"},
		{"plan rounds", `-1`, "plan: -1 rounds"},
		{"plan rounds", `2147483647`, "plan: 2147483647 rounds"},
		{"plan rounds", `9223372036854775807`, "Rounds: 9223372036854775807 is out of range"},
		{"plan open 0 rate", `5e-324`, "5e-324 is out of range"},
		{"plan workloads", `[]`, "runs: figures"},
		{"noise 0 workload", `99`, "noise: figures"},
		{"open 0 workload", `99`, "open: figures"},
		{"open_summary 0 workload", `-1`, "open_summary: figures"},
		{"ceiling 0 workload", `2`, "ceiling: workload 2"},
		{"summary 0 server", `"nobody"`, "summary: figures"},
		{"idle 0 connections", `-1`, "idle: -1 connections"},
		{"capacity 0 tries 0 runs", `[]`, "without a run"},
		{"servers 1", `null`, "a server is null"},
		{"claims 0 headline", `1000`, ""},
		{"claims 0 findings 0 trials", `[99]`, ""},
		{"schema", `99`, "schema version 99"},
		{"a field of a later version", `{"a": [1]}`, ""},
	} {
		t.Run(edit.path+" "+edit.value, func(t *testing.T) {
			tree := decoded(t, text)
			set(t, tree, edit.path, edit.value)
			err := pageOrError(t, tree)
			if edit.err == "" {
				assert.NoError(t, err)
			} else {
				assert.ErrorContains(t, err, edit.err)
			}
		})
	}
}

// realRun is the results.json of a run of three servers.
func realRun(tb testing.TB) []byte {
	tb.Helper()
	text, err := os.ReadFile("testdata/run.json")
	require.NoError(tb, err)
	tree := decoded(tb, text).(map[string]any)
	tree["schema"] = results.Schema
	var said []results.Statement
	for _, e := range experiments.All() {
		said = append(said, e.Statement)
	}
	tree["experiments"] = said
	text, err = json.Marshal(tree)
	require.NoError(tb, err)
	return text
}

// leanRun is realRun with two servers, and at most two elements in each list.
func leanRun(tb testing.TB) []byte {
	tb.Helper()
	tree := decoded(tb, realRun(tb)).(map[string]any)
	var servers []any
	for _, s := range tree["servers"].([]any)[:2] {
		servers = append(servers, s.(map[string]any)["name"])
	}
	text, err := json.Marshal(lean(tree, servers))
	require.NoError(tb, err)
	_, err = results.Decode(text)
	require.NoError(tb, err)
	return text
}

func lean(tree any, servers []any) any {
	const most = 2
	switch node := tree.(type) {
	case map[string]any:
		for name := range node {
			node[name] = lean(node[name], servers)
		}
	case []any:
		kept := node[:0]
		for _, each := range node {
			if object, ok := each.(map[string]any); ok {
				if server, ok := object["server"]; ok && !slices.Contains(servers, server) {
					continue
				}
				if n, ok := object["workload"].(json.Number); ok && n >= "2" {
					continue
				}
			}
			kept = append(kept, lean(each, servers))
		}
		return kept[:min(most, len(kept))]
	}
	return tree
}

func decoded(tb testing.TB, text []byte) (tree any) {
	tb.Helper()
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber() // so that an int64 stays exact
	require.NoError(tb, d.Decode(&tree))
	return tree
}

// set replaces the value at a path, and adds an unknown name.
func set(t *testing.T, tree any, path, value string) {
	t.Helper()
	steps := strings.Fields(path)
	if node := tree.(map[string]any); node[steps[0]] == nil {
		steps = []string{path}
	}
	for i, step := range steps {
		last := i == len(steps)-1
		switch node := tree.(type) {
		case map[string]any:
			require.True(t, last && i == 0 || node[step] != nil, "there is a %q", steps[:i+1])
			if last {
				node[step] = json.RawMessage(value)
			}
			tree = node[step]
		case []any:
			n, err := strconv.Atoi(step)
			require.NoError(t, err)
			if last {
				node[n] = json.RawMessage(value)
			}
			tree = node[n]
		default:
			t.Fatalf("nothing at %q", steps[:i+1])
		}
	}
}

// pageOrError makes the page of the results, or returns why there is none.
func pageOrError(t *testing.T, tree any) error {
	t.Helper()
	text, err := json.Marshal(tree)
	require.NoError(t, err)
	r, err := results.Decode(text)
	if err != nil {
		return err
	}
	files, err := render(r)
	for _, file := range files {
		if strings.HasSuffix(file.name, ".svg") {
			for _, wrong := range []string{"NaN", "Inf"} {
				if i := bytes.Index(file.text, []byte(wrong)); i >= 0 {
					t.Fatalf("%s: %s", file.name, file.text[max(0, i-100):i+10])
				}
			}
		}
	}
	return err
}

// editor makes the edits that bytes choose.
type editor struct{ choices []byte }

// choose returns a number below n.
func (e *editor) choose(n int) int {
	if len(e.choices) == 0 || n < 2 {
		return 0
	}
	c := int(e.choices[0])
	e.choices = e.choices[1:]
	return c % n
}

// edit changes one thing somewhere in the tree.
func (e *editor) edit(tree any) any {
	switch node := tree.(type) {
	case map[string]any:
		names := slices.Sorted(maps.Keys(node))
		if n := e.choose(len(names) + 1); n < len(names) {
			if node[names[n]] = e.edit(node[names[n]]); node[names[n]] == gone {
				delete(node, names[n])
			}
			return node
		}
	case []any:
		if n := e.choose(len(node) + 1); n < len(node) {
			if node[n] = e.edit(node[n]); node[n] == gone {
				return slices.Delete(node, n, n+1)
			}
			return node
		}
		if e.choose(2) == 0 && len(node) > 0 {
			return append(node, node[e.choose(len(node))])
		}
	}
	return e.foreign()
}

// gone stands for an element to leave out.
var gone any = new(int)

// foreign returns a value of another type.
func (e *editor) foreign() any {
	texts := []string{
		"", "null", "true", `""`, `"x"`, `"eventloop"`, `"E2"`, "[]", "{}", "0", "1", "-1", "2", "1000", "0.5", "-0.5",
		"2147483647", "9223372036854775807", "-9223372036854775808", "1000000000000000", "1e18", "1.7e308", "-1.7e308", "5e-324", "1e-300",
	}
	if text := texts[e.choose(len(texts))]; text != "" {
		return json.RawMessage(text)
	}
	return gone
}
