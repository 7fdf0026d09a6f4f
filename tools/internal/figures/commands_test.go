package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// bare is a command that works only after an installation: "ioflavors lab", but
// not "go run ./tools/cmd/ioflavors lab" or "bin/ioflavors lab".
var bare = regexp.MustCompile(`(^|[\s"'(` + "`" + `])ioflavors (-|lab|advise|report|compare|serve|load|merge|check|get|put)`)

// title is the beginning of the lab's results, in samples of them.
const title = "ioflavors lab · "

// goRun finds the program in a go run command.
var goRun = regexp.MustCompile(`go run (\./\S+)`)

// bareCommands returns the commands of a text that cannot be pasted.
func bareCommands(text string) (faults []string) {
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if found := bare.FindString(strings.ReplaceAll(line, title, "")); found != "" {
			faults = append(faults, strings.TrimSpace(found)+": "+line)
		}
		for _, m := range goRun.FindAllStringSubmatch(line, -1) {
			dir := filepath.Join(root, strings.TrimRight(m[1], "`.,;:)"))
			if _, err := os.Stat(dir); err != nil {
				faults = append(faults, "no such folder: "+line)
			}
		}
	}
	return faults
}

// Every command in the docs, and in the comments of the models' doc.go, runs
// when it is pasted in the root of the checkout.
func TestCommandsCanBePasted(t *testing.T) {
	pages := 0
	require.NoError(t, filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && name != root && strings.HasPrefix(d.Name(), ".") {
			return fs.SkipDir
		}
		if filepath.Ext(name) != ".md" && d.Name() != "doc.go" {
			return nil
		}
		pages++
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		for _, fault := range bareCommands(string(text)) {
			assert.Fail(t, fault, name)
		}
		return nil
	}))
	assert.Greater(t, pages, 10)
}

func TestBareCommandsAreFound(t *testing.T) {
	for _, bad := range []string{
		"$ ioflavors lab --quick", "ioflavors load 127.0.0.1:7070", "see `ioflavors check --list`", "(ioflavors lab --only E2)", "$ ioflavors --help",
		"$ go run ./cmd/kv-eventloop", "go run ./tools/ioflavors lab",
	} {
		assert.NotEmpty(t, bareCommands("text\n"+bad+"\n"), bad)
	}
	for _, good := range []string{
		"$ go run ./tools/cmd/ioflavors lab --quick", "$ bin/ioflavors lab", "ioflavors lab · 9 servers", "the `ioflavors` command: lab, load generator",
		"`go run ./eventloop/cmd/kv-eventloop`.", "ioflavors: no such file", "tools/cmd/ioflavors serve",
	} {
		assert.Empty(t, bareCommands(good), good)
	}
}
