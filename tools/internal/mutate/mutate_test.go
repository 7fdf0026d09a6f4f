package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const source = `package p

func (c *conn) full(n int) bool {
	if n > c.high && c.open {
		c.pauses++
		c.note("full | paused")
		return true
	}
	c.last = n
	return !c.ready(n)
}

func (c *conn) String() string { return "a" + "b" }
`

func TestMutations(t *testing.T) {
	found, err := find("p.go", []byte(source))
	require.NoError(t, err)
	var names []string
	for _, m := range found {
		names = append(names, m.name)
		assert.NotEqual(t, source, string(m.apply()))
	}
	assert.Equal(t, []string{
		"*conn.full: n > c.high && c.open: && becomes ||",
		"*conn.full: n > c.high: > becomes >=",
		"*conn.full: n > c.high: > becomes <=",
		"*conn.full: c.pauses++: ++ becomes --",
		`*conn.full: without c.note("full|paused")`,
		"*conn.full: return true: true becomes false",
		"*conn.full: without c.last = n",
	}, names)
	assert.Contains(t, string(found[1].apply()), "if n >= c.high && c.open {\n")
	assert.NotContains(t, string(found[4].apply()), "paused")
}

// The choice of mutations does not depend on changes elsewhere in the
// package.
func TestTheChoiceIsStable(t *testing.T) {
	found, err := find("p.go", []byte(source))
	require.NoError(t, err)
	for i := range found {
		found[i].target = targets[0]
	}
	few := choose(found, 3)
	require.Len(t, few, 3)
	moved, err := find("p.go", []byte("package p\n\n// One more line.\n"+source[len("package p\n"):]))
	require.NoError(t, err)
	for i := range moved {
		moved[i].target = targets[0]
	}
	for i, m := range choose(moved, 3) {
		assert.Equal(t, few[i].name, m.name)
	}
	assert.Len(t, choose(found, 0), len(found))
}

func TestVerdicts(t *testing.T) {
	file := filepath.Join(t.TempDir(), "survivors.txt")
	none, err := readVerdicts(file)
	require.NoError(t, err)
	assert.Empty(t, none)

	v := verdicts{
		"common/a: f: a < b: < becomes <=": "equivalent: they never meet",
		"common/b: g: without h()":         "",
	}
	require.NoError(t, writeVerdicts(file, v))
	read, err := readVerdicts(file)
	require.NoError(t, err)
	assert.Equal(t, v, read)

	merged := v.merge([]string{"common/b"}, verdicts{"common/b: g: without i()": ""})
	assert.Equal(t, verdicts{
		"common/a: f: a < b: < becomes <=": "equivalent: they never meet",
		"common/b: g: without i()":         "",
	}, merged)

	require.NoError(t, os.WriteFile(file, []byte("no verdict\n"), 0o600))
	_, err = readVerdicts(file)
	assert.ErrorContains(t, err, ":1: want: mutation | verdict")
}

func TestTheScore(t *testing.T) {
	known := verdicts{"common/session: f: without g()": "equivalent: g does nothing"}
	m := mutation{target: targets[0], name: "f: without g()"}
	var s score
	for range 9 {
		s.count(m, killed, known)
	}
	s.count(m, survived, known)
	s.count(m, invalid, known)
	assert.NoError(t, s.err())
	assert.Contains(t, s.String(), "10 mutations: 9 killed, 1 equivalent, 0 holes: 100.0 %")

	m.name = "f: without h()"
	s.count(m, survived, known)
	assert.ErrorContains(t, s.err(), "no verdict")
	known[m.String()] = "hole: nobody looks at h"
	s.open = nil
	assert.NoError(t, s.err(), "9 of 10")
	s.count(m, survived, known)
	assert.ErrorContains(t, s.err(), "81.8 % were killed; want 90 %")
}
