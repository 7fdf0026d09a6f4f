package source

import (
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// imports says which of our packages a package may import. A folder stands for what is
// below it, too, and a package follows the row that names it most closely. Tests may
// import anything.
var imports = map[string]string{
	"common":           "common",
	"common/exchanges": "",
	"common/frame":     "",
	"common/session":   "common/buffer", // bytes in, bytes out
	"common/resp":      "common/backend common/session common/store",

	"stores": "common stores",

	"examples": "common examples", // and every model

	// What tests know of a protocol, and a kernel that knows no more.
	"common/servertest/dialogue": "common/exchanges common/session",
	"common/sock/fakekernel":     "common/exchanges common/server common/servertest/dialogue",

	"tools/cmd":   "common stores tools/internal",
	"tools/peers": "common tools/peers",
	"tools/lint":  "",

	// Packages that know nothing of the lab.
	"tools/internal/folder":    "",
	"tools/internal/format":    "",
	"tools/internal/nearest":   "",
	"tools/internal/netfault":  "",
	"tools/internal/printable": "",
	"tools/internal/self":      "",
	"tools/internal/source":    "",
	"tools/internal/slow":      "common",
	"tools/internal/stdout":    "tools/internal/printable",
	"tools/internal/figures":   "tools/internal/folder tools/internal/stdout",
	"tools/internal/mutate":    "tools/internal/folder tools/internal/stdout",
	"tools/internal/load":      "common/exchanges tools/internal/format tools/internal/printable",

	// The load generator. A Codec is all that it knows of a protocol.
	"tools/internal/generator":         "common eventloop/poller tools/internal/load tools/internal/generator",
	"tools/internal/generator/dataset": "tools/internal/load",
	"tools/internal/generator/wire":    "common tools/internal/load tools/internal/generator/dataset",
	"tools/internal/generator/meter":   "common",

	// The lab, from the bottom up. Packages that show results start no process.
	"tools/internal/results":     results + "tools/internal/folder",
	"tools/internal/timesplit":   shown,
	"tools/internal/answer":      shown + "tools/internal/models",
	"tools/internal/text":        shown + "tools/internal/answer tools/internal/timesplit",
	"tools/internal/term":        "tools/internal/format tools/internal/printable",
	"tools/internal/compare":     shown + "tools/internal/text",
	"tools/internal/proc":        measured,
	"tools/internal/models":      shown + "common tools/internal/nearest tools/internal/self", // and every model
	"tools/internal/bench":       measured + "tools/internal/proc tools/internal/models",
	"tools/internal/experiments": measured + "tools/internal/proc tools/internal/models tools/internal/bench",
	"tools/internal/lab":         run + "tools/internal/experiments tools/internal/timesplit",
	"tools/internal/advise":      run + "tools/internal/folder tools/internal/self",
	"tools/internal/labtest":     "common tools/internal/load tools/internal/generator tools/internal/slow tools/internal/results tools/internal/models",

	// The page, from the bottom up.
	"tools/internal/report/plot":       "tools/internal/format tools/internal/printable",
	"tools/internal/report/charts":     shown + "tools/internal/text tools/internal/report/plot",
	"tools/internal/report/claims":     shown + "tools/internal/report/plot",
	"tools/internal/report":            page + "tools/internal/folder tools/internal/self",
	"tools/internal/report/reporttest": page + "tools/internal/experiments",
}

const (
	results  = "tools/internal/format tools/internal/load tools/internal/printable "
	shown    = results + "tools/internal/results "
	page     = shown + "tools/internal/answer tools/internal/timesplit tools/internal/text tools/internal/report/plot tools/internal/report/charts tools/internal/report/claims "
	measured = shown + "common tools/internal/generator "
	run      = measured + "tools/internal/proc tools/internal/models tools/internal/bench tools/internal/text tools/internal/term "
)

// engine are the packages that serve any protocol, and so must not know one. The models
// are among them.
var engine = []string{"common/session", "common/buffer", "common/server", "common/servercmd", "common/blocking", "common/nonblocking", "common/sock"}

// protocols are the packages that engine must not import. Tests may.
var protocols = []string{"common/frame", "common/kv", "common/kvclient", "common/kvcmd", "common/proto", "common/resp"}

// Each model imports common, and itself; the registry and the examples import each
// model.
func init() {
	for _, model := range modelFolders() {
		imports[model] = "common " + model
		imports["examples"] += " " + model
		engine = append(engine, model)
		imports["tools/internal/models"] += " " + model
	}
}

// modelFolders returns the workspace's modules that are models.
func modelFolders() (folders []string) {
	workspace, err := os.ReadFile(root + "/go.work")
	if err != nil {
		panic(err)
	}
	for line := range strings.Lines(string(workspace)) {
		if folder, is := strings.CutPrefix(strings.TrimSpace(line), "./"); is && !slices.Contains([]string{"common", "stores", "examples", "tools"}, folder) {
			folders = append(folders, folder)
		}
	}
	return folders
}

const root = "../../.."

// Of our packages each package imports only the ones that the table permits, on every
// system.
func TestWhoMayImportWhom(t *testing.T) {
	used := make(map[string]bool)
	eachImport(t, func(file, imported string) {
		row := rowOf(path.Dir(file))
		used[row] = true
		if assert.Contains(t, imports, row, "%s: no row says what it may import", file) && imported != "" {
			assert.True(t, permits(row, imported), "%s imports %s: the row of %s does not permit that", file, imported, row)
		}
	})
	for row := range imports {
		assert.True(t, used[row], "%s: no package is in this row any more", row)
	}
}

// A server serves any protocol, so the code that serves must not know one. A model's
// command may: it is the key/value server.
func TestTheEngineKnowsNoProtocol(t *testing.T) {
	files := make(map[string]int)
	eachImport(t, func(file, imported string) {
		folder := path.Dir(file)
		part := slices.IndexFunc(engine, func(part string) bool { return within(folder, part) })
		if part < 0 || within(folder, engine[part]+"/cmd") {
			return
		}
		files[engine[part]]++
		known := slices.ContainsFunc(protocols, func(p string) bool { return within(imported, p) })
		assert.False(t, known, "%s imports %s", file, imported)
	})
	for _, part := range engine {
		assert.NotZero(t, files[part], "%s: there is no such package", part)
	}
}

// within reports whether a folder is another one, or below it.
func within(folder, other string) bool {
	return folder == other || strings.HasPrefix(folder, other+"/")
}

// eachImport calls f with each of our files that is no test, and with each of our
// packages that it imports; first with "".
func eachImport(t *testing.T, f func(file, imported string)) {
	t.Helper()
	const ours = "github.com/ioflavors/ioflavors/"
	err := filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && name != root && (entry.Name() == "testdata" || strings.HasPrefix(entry.Name(), ".")):
			return filepath.SkipDir
		case entry.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go"):
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		if name, err = filepath.Rel(root, name); err != nil {
			return err
		}
		name = filepath.ToSlash(name)
		f(name, "")
		for _, spec := range file.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			if folder, is := strings.CutPrefix(imported, ours); is {
				f(name, folder)
			}
		}
		return nil
	})
	require.NoError(t, err)
}

// rowOf is the row that names a folder most closely, "." if there is none.
func rowOf(folder string) string {
	for folder != "." {
		if _, is := imports[folder]; is {
			break
		}
		folder = path.Dir(folder)
	}
	return folder
}

func permits(row, folder string) bool {
	return slices.ContainsFunc(strings.Fields(imports[row]), func(may string) bool {
		return within(folder, may)
	})
}

// The table forbids something.
func TestTheTableForbids(t *testing.T) {
	for folder, imported := range map[string]string{
		"tools/internal/report":      "tools/internal/proc", // a page starts no process
		"tools/internal/load":        "tools/internal/generator",
		"tools/internal/text":        "tools/internal/experiments",
		"tools/internal/bench":       "tools/internal/labtest", // for tests alone
		"eventloop/poller":           "iouring",
		"common/session":             "common/sock",
		"common/sock":                "tools/internal/load",
		"tools/internal/report/plot": "tools/internal/results",
		"tools/cmd/ioflavors":        "eventloop", // the registry names the models
	} {
		assert.False(t, permits(rowOf(folder), imported), "%s imports %s", folder, imported)
	}
	assert.True(t, permits(rowOf("eventloop/cmd/kv-eventloop"), "eventloop/poller"))
}
