package report

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"html/template"
	"os"
	"path/filepath"

	"github.com/ioflavors/ioflavors/tools/internal/folder"
	"github.com/ioflavors/ioflavors/tools/internal/printable"
	"github.com/ioflavors/ioflavors/tools/internal/results"
)

// FileName is the name of the page.
const FileName = "report.html"

//go:embed page.html.tmpl picture.svg.tmpl page.css colours.css
var files embed.FS

var templates = template.Must(template.New("").Funcs(template.FuncMap{
	"css": func(name string) (template.CSS, error) {
		text, err := files.ReadFile(name)
		return template.CSS(text), err
	},
	"printable": printable.Line,
}).ParseFS(files, "*.tmpl"))

// Write writes the page and its pictures to dir, which is made if need be, and
// returns the files' names, the page's first. Pictures of an earlier run that
// are not of this one are removed.
func Write(dir string, r *results.Results) ([]string, error) {
	files, err := render(r)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, err
	}
	var names []string
	for _, f := range files {
		name := filepath.Join(dir, f.name)
		if err := folder.WriteFile(name, f.text); err != nil {
			return nil, err
		}
		names = append(names, name)
	}
	return names, removeStale(dir, names)
}

// file is one of those that Write writes.
type file struct {
	name string
	text []byte
}

// render makes the page and its pictures, the page first.
func render(r *results.Results) ([]file, error) {
	r, err := asWritten(r)
	if err != nil {
		return nil, fmt.Errorf("report: %w", err)
	}
	var all []file
	add := func(name, templateName string, data any) error {
		var out bytes.Buffer
		if err := templates.ExecuteTemplate(&out, templateName, data); err != nil {
			return fmt.Errorf("report: %w", err)
		}
		all = append(all, file{name, out.Bytes()})
		return nil
	}
	page := newPage(r)
	if err := add(FileName, "page.html.tmpl", page); err != nil {
		return nil, err
	}
	for _, p := range page.pictures() {
		p.Alone = true
		if err := add(p.ID+".svg", "picture.svg.tmpl", p); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// asWritten returns the results as they are in results.json, so that the page
// can be made from there again: JSON knows no clock but the wall's, and no text
// that is not UTF-8.
func asWritten(r *results.Results) (*results.Results, error) {
	text, err := json.Marshal(r)
	if err != nil {
		return nil, err
	}
	again := new(results.Results)
	if err := json.Unmarshal(text, again); err != nil {
		return nil, err
	}
	return again, again.Check()
}
