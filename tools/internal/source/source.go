// Package source finds where this repository's programs use a name of
// another package. Tests use it to keep such a use in one place.
package source

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Use is one use of a name.
type Use struct {
	File string // with slashes, relative to the searched folder
	Name string // as in the code: os.Create
	Line int
}

func (u Use) String() string { return fmt.Sprintf("%s:%d: %s", u.File, u.Line, u.Name) }

// Uses returns each use of the package's names in the Go files below dir, except in
// tests and testdata. Without names it returns each import of the package.
func Uses(dir, path string, names ...string) ([]Use, error) {
	var uses []Use
	err := filepath.WalkDir(dir, func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && name != dir && (entry.Name() == "testdata" || strings.HasPrefix(entry.Name(), ".")):
			return filepath.SkipDir
		case entry.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go"):
			return nil
		}
		found, err := usesIn(name, path, names)
		for _, u := range found {
			if u.File, err = filepath.Rel(dir, name); err != nil {
				return err
			}
			u.File = filepath.ToSlash(u.File)
			uses = append(uses, u)
		}
		return err
	})
	return uses, err
}

// usesIn returns the uses in one file, without the file's name.
func usesIn(file, path string, names []string) (uses []Use, err error) {
	files := token.NewFileSet()
	parsed, err := parser.ParseFile(files, file, nil, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	local := localName(parsed, path)
	if local == "" {
		return nil, nil
	}
	if len(names) == 0 {
		return []Use{{Name: path}}, nil
	}
	ast.Inspect(parsed, func(n ast.Node) bool {
		selector, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		if of, ok := selector.X.(*ast.Ident); ok && of.Name == local && slices.Contains(names, selector.Sel.Name) {
			uses = append(uses, Use{Name: local + "." + selector.Sel.Name, Line: files.Position(selector.Pos()).Line})
		}
		return true
	})
	return uses, nil
}

// localName returns the file's name for the package; "" if the file does not
// import it.
func localName(file *ast.File, path string) string {
	for _, spec := range file.Imports {
		if imported, err := strconv.Unquote(spec.Path.Value); err != nil || imported != path {
			continue
		}
		if spec.Name != nil {
			return spec.Name.Name
		}
		return path[strings.LastIndexByte(path, '/')+1:]
	}
	return ""
}
