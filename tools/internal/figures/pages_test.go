package main

import (
	"io/fs"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/tools/internal/models"
)

// foreign are names on pages that the repository does not have: of files that
// our programs write, and of other projects' files and flags.
var foreign = []string{
	"results.json", "report.html", "report.html.tmp", "advice.txt", "advice.json", "bench-old.txt", "bench-new.txt",
	"internal/poll/fd_unix.go", "runtime/netpoll_epoll.go", "crypto/subtle", "net/http", "html/template", "testing/synctest",
	"golang.org/x/perf/benchmath", "testdata/fuzz", // Go makes the folder
	"poll_arm", "local_work_run", "Slab", // the kernel's
	"--security-opt", "--ulimit", "--unix-socket", "--template", // docker's, curl's and buf's
	"--for", "--tail", // kubectl's
}

// placeholder matches a part of a name that stands for another: files of NAME,
// tags of a version, files made by a command.
var placeholder = regexp.MustCompile(`[A-Z]{4,}|/v\d+\.\d+\.\d+$|^(?:bin|lab-out)/`)

// repository has the names that pages may use.
type repository struct {
	files    map[string]string          // the pages' contents, by path; "" for other files and folders
	suffixes map[string]bool            // of all paths, at each slash: load/queue.go is tools/internal/load/queue.go
	tests    map[string]bool            // test functions, and the tests of the suites
	words    map[string]bool            // of all Go code, comments included
	targets  map[string]bool            // of make
	flags    map[string]map[string]bool // by command: "lab", "serve eventloop"; "" for all together
}

var (
	fence    = regexp.MustCompile("(?ms)^```.*?^```$")
	heading  = regexp.MustCompile(`(?m)^#+ +(.+)$`)
	link     = regexp.MustCompile(`\]\(([^()\s]+)\)|(?m)^\[[^]]+\]: +(\S+)$`)
	code     = regexp.MustCompile("`([^`]+)`")
	block    = regexp.MustCompile(`\n\s*(?:\n|\||[-*] |\d+\. )`) // a new paragraph, row or item
	filename = regexp.MustCompile(`^[\w.*-][\w./*-]*\.(?:go|sh|md|json|txt|proto|yaml|conf|mod|sum|svg|html|work)$`)
	goName   = regexp.MustCompile(`^(?:[A-Za-z]\w*\.\w[\w.]*|[A-Za-z]\w*_\w+|\w*[A-Z]\w*[a-z]\w*|[a-z]+[A-Z]\w*)(?:\(\))?$`)
	goWord   = regexp.MustCompile(`\w+`)
	pathname = regexp.MustCompile(`^[a-z.][\w.*-]*(?:/[\w.*-]+)+/?$`)
	scriptAt = regexp.MustCompile(`\bscripts/[\w.-]+\.sh\b`)
	function = regexp.MustCompile(`\b(?:Test|Fuzz|Benchmark)[A-Z]\w+`)
	target   = regexp.MustCompile(`^\$? ?make ([a-z][a-z-]*)`)
	option   = regexp.MustCompile(`(?:^|[^\w-])(--[a-z][a-z0-9-]*)`)
	command  = regexp.MustCompile(`ioflavors (lab|advise|report|compare|serve [a-z]+|load|merge|check|get|put)\b|\bkv-(` + strings.Join(models.Names(), "|") + `)\b`)
	quoted   = regexp.MustCompile(`'[^']*'`)
)

// anchors returns the anchors of a page's headings, as GitHub makes them.
func anchors(page string) []string {
	var all []string
	for _, m := range heading.FindAllStringSubmatch(fence.ReplaceAllString(page, ""), -1) {
		anchor := strings.ToLower(strings.ReplaceAll(m[1], "`", ""))
		anchor = regexp.MustCompile(`[^\p{L}\p{N} _-]`).ReplaceAllString(anchor, "")
		all = append(all, strings.ReplaceAll(strings.TrimSpace(anchor), " ", "-"))
	}
	return all
}

// wrongNames returns the names on a page that do not exist.
func (r *repository) wrongNames(name, text string) (faults []string) {
	fault := func(kind, what string) { faults = append(faults, kind+": "+what) }

	// Code is the text between backquotes, which never continues in the next block,
	// and the lines of fenced blocks. words is the rest of the text.
	var spans, words []string
	for _, b := range block.Split(fence.ReplaceAllString(text, ""), -1) {
		for _, m := range code.FindAllStringSubmatch(b, -1) {
			spans = append(spans, strings.Join(strings.Fields(m[1]), " "))
		}
		words = append(words, code.ReplaceAllString(b, "`"))
	}
	commands := slices.Clone(spans)
	for _, f := range fence.FindAllString(text, -1) {
		commands = append(commands, strings.Split(strings.ReplaceAll(f, "\\\n", " "), "\n")...)
	}

	for _, m := range link.FindAllStringSubmatch(strings.Join(words, "\n"), -1) {
		to := m[1] + m[2]
		if strings.Contains(to, "://") {
			continue
		}
		file, anchor, _ := strings.Cut(to, "#")
		page := text
		if file != "" {
			var found bool
			if page, found = r.files[path.Join(path.Dir(name), file)]; !found {
				fault("no such file", to)
				continue
			}
		}
		if anchor != "" && !slices.Contains(anchors(page), anchor) {
			fault("no such anchor", to)
		}
	}

	for _, span := range spans {
		file := strings.TrimPrefix(span, "./")
		test, _, _ := strings.Cut(file, "/")
		switch {
		case slices.Contains(foreign, file), placeholder.MatchString(file):
		case filename.MatchString(file), pathname.MatchString(file):
			if !r.has(file) && !r.tests[file] && !r.tests[test] {
				fault("no such file", span)
			}
		case function.MatchString(span): // see below
		case goName.MatchString(span):
			for _, word := range goWord.FindAllString(span, -1) {
				if !r.words[word] {
					fault("no such name", span)
					break
				}
			}
		}
	}
	for _, file := range scriptAt.FindAllString(text, -1) {
		if !r.has(file) {
			fault("no such file", file)
		}
	}
	for _, test := range function.FindAllString(text, -1) {
		if !r.tests[test] {
			fault("no such test", test)
		}
	}

	for _, line := range commands {
		if m := target.FindStringSubmatch(line); m != nil && !r.targets[m[1]] {
			fault("no such target", m[1])
		}
	}
	// A flag must belong to the command before it or, without a command, to any
	// command.
	for _, line := range append(commands, words...) {
		line, _, _ = strings.Cut(quoted.ReplaceAllString(line, "''"), " -- ")
		of := ""
		if m := command.FindStringSubmatch(line); m != nil {
			of = m[1]
			if m[2] != "" {
				of = "serve " + m[2]
			}
			if r.flags[of] == nil { // serve MODEL
				of = ""
			}
		}
		for _, m := range option.FindAllStringSubmatch(line, -1) {
			if !r.flags[of][m[1]] && !slices.Contains(foreign, m[1]) {
				fault("no such flag", strings.TrimSpace(of+" "+m[1]))
			}
		}
	}
	return faults
}

// has reports whether a file or folder has that path, or a path that ends with
// it; a star stands for any part of a name.
func (r *repository) has(name string) bool {
	name = strings.TrimSuffix(name, "/")
	if !strings.Contains(name, "*") {
		return r.suffixes[name]
	}
	for suffix := range r.suffixes {
		if found, err := path.Match(name, suffix); err == nil && found {
			return true
		}
	}
	return false
}

func TestPagesNameWhatThereIs(t *testing.T) {
	r := theRepository(t)
	pages := 0
	for name, text := range r.files {
		switch ok, err := path.Match("docs/*.md", name); {
		case err != nil, text == "":
			continue
		case ok, !strings.Contains(name, "/"), path.Base(name) == "README.md":
		default:
			continue
		}
		if name == "CHANGELOG.md" { // change notes name what a change removed
			_, released, _ := strings.Cut(text, "\n## [Unreleased]")
			_, text, _ = strings.Cut(released, "\n## ")
		}
		pages++
		for _, fault := range r.wrongNames(name, text) {
			assert.Fail(t, fault, name)
		}
	}
	assert.Greater(t, pages, 15)
}

func TestWrongNamesAreFound(t *testing.T) {
	r := &repository{
		files:    map[string]string{"docs/lab.md": "# The lab\n## What `it` does, in order\n", "README.md": "", "tools/load/queue.go": "", "tools/load": ""},
		suffixes: map[string]bool{"docs/lab.md": true, "tools/load/queue.go": true, "load/queue.go": true, "queue.go": true, "scripts/lint.sh": true},
		tests:    map[string]bool{"TestOne": true, "limits/memory": true},
		words:    map[string]bool{"Host": true, "Ready": true, "window_ns": true},
		targets:  map[string]bool{"race": true},
		flags:    map[string]map[string]bool{"": {"--quick": true, "--rate": true}, "lab": {"--quick": true, "--server": true}},
	}
	for bad, want := range map[string]string{
		"[a](gone.md)":                              "no such file: gone.md",
		"[a](../READ.md#x)":                         "no such file: ../READ.md#x",
		"[a]: gone.md":                              "no such file: gone.md",
		"[a](lab.md#what-it-did)":                   "no such anchor: lab.md#what-it-did",
		"# Here\n[a](#there)":                       "no such anchor: #there",
		"```\n# here\n```\n[a](#here)":              "no such anchor: #here",
		"see `load/gone.go`":                        "no such file: load/gone.go",
		"see `gone_*.go`":                           "no such file: gone_*.go",
		"the folder `tools/gone/`":                  "no such file: tools/gone/",
		"`limits/gone`":                             "no such file: limits/gone",
		"```\n$ scripts/gone.sh\n```":               "no such file: scripts/gone.sh",
		"`TestGone`":                                "no such test: TestGone",
		"go test -run TestGone .":                   "no such test: TestGone",
		"`Host.Gone`":                               "no such name: Host.Gone",
		"`goneAway()`":                              "no such name: goneAway()",
		"`gone_ns`":                                 "no such name: gone_ns",
		"`make gone`":                               "no such target: gone",
		"so `make\n gone` fails":                    "no such target: gone",
		"the flag `--gone`":                         "no such flag: --gone",
		"| `ioflavors lab --rate 1` |":              "no such flag: lab --rate",
		"```\n$ bin/ioflavors lab \\\n --gone\n```": "no such flag: lab --gone",
	} {
		assert.Equal(t, []string{want}, r.wrongNames("docs/page.md", bad), bad)
	}
	for _, good := range []string{
		"[a](lab.md), [b](../README.md), [c](lab.md#what-it-does-in-order), [d](https://example.com/x#y)", "`[a](gone.md)`",
		"`load/queue.go`, `queue.go`, `load/q*.go`, `TestOne`, `limits/memory`, `net/http`, `results.json`, `make race`, to\nmake links",
		"`Host.Ready`, `window_ns`, `lowercase`, `EAGAIN`, `a.B = c`",
		"`ioflavors lab --quick`, `--rate`", "`ioflavors lab --quick --server 'a=./b --listen {addr}'`", "`ioflavors check -- ./b --listen {addr}`",
	} {
		assert.Empty(t, r.wrongNames("docs/page.md", good), good)
	}
}

// theRepository reads the checkout, and gets the flags of its commands from
// them.
func theRepository(t *testing.T) *repository {
	r := &repository{
		files: make(map[string]string), suffixes: make(map[string]bool), tests: testNames(t), words: make(map[string]bool),
		targets: make(map[string]bool), flags: map[string]map[string]bool{"": {}},
	}
	for name := range numberedTests(t) {
		r.tests[name] = true
	}
	benchmark := regexp.MustCompile(`(?m)^func (Benchmark\w+)\(`)
	require.NoError(t, filepath.WalkDir(root, func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, file)
		if err != nil || name == "." {
			return err
		}
		if d.IsDir() && (name == ".git" || name == "lab-out") {
			return fs.SkipDir
		}
		name = filepath.ToSlash(name)
		r.files[name] = ""
		for rest, more := name, true; more; _, rest, more = strings.Cut(rest, "/") {
			r.suffixes[rest] = true
		}
		switch path.Ext(name) {
		case ".md":
			r.files[name] = content(t, file)
		case ".go":
			text := content(t, file)
			for _, m := range benchmark.FindAllStringSubmatch(text, -1) {
				r.tests[m[1]] = true
			}
			for _, word := range goWord.FindAllString(text, -1) {
				r.words[word] = true
			}
		}
		return nil
	}))
	for _, m := range regexp.MustCompile(`(?m)^([a-z-]+):.*##`).FindAllStringSubmatch(content(t, root+"/Makefile"), -1) {
		r.targets[m[1]] = true
	}

	program := filepath.Join(t.TempDir(), "ioflavors")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", program, "../../cmd/ioflavors")
	out, err := build.CombinedOutput()
	require.NoError(t, err, "%s", out)
	all := []string{"", "lab", "advise", "report", "compare", "load", "merge", "check", "get", "put"}
	for _, model := range models.Names() {
		all = append(all, "serve "+model)
	}
	for _, of := range all {
		help, err := exec.CommandContext(t.Context(), program, append(strings.Fields(of), "--help")...).CombinedOutput()
		require.NoError(t, err, "%s", help)
		if r.flags[of] == nil {
			r.flags[of] = map[string]bool{"--help": true}
		}
		for _, m := range option.FindAllStringSubmatch(strings.ReplaceAll(string(help), "--[no-]sleep", "--sleep --no-sleep"), -1) {
			r.flags[of][m[1]] = true
			r.flags[""][m[1]] = true
		}
	}
	r.flags[""]["--dry-run"] = true       // of scripts/release.sh
	r.flags[""]["--model"] = true         // of programs with several models (servercmd.Program)
	r.flags[""]["--password-file"] = true // of serve MODEL --protocol resp
	return r
}
