package report

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"html/template"
	"os"
	"path/filepath"

	"github.com/ioflavors/ioflavors/tools/internal/folder"
	"github.com/ioflavors/ioflavors/tools/internal/report/plot"
	"github.com/ioflavors/ioflavors/tools/internal/results"
)

// FileName is the name of the page.
const FileName = "report.html"

var (
	//go:embed page.html.tmpl
	markup string
	//go:embed page.css
	style string
)

var pageTemplate = template.Must(template.Must(plot.AddTo(template.New(FileName).Funcs(template.FuncMap{
	"style": func() template.CSS { return template.CSS(style) },
}))).Parse(markup))

// Write writes the page and its pictures to dir, which it makes if need be, and
// returns the files' names, the page's first. It removes pictures of an earlier run
// that this run does not have.
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

// file is a file that Write writes.
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
	page := newPage(r)
	var out bytes.Buffer
	if err := pageTemplate.Execute(&out, page); err != nil {
		return nil, fmt.Errorf("report: %w", err)
	}
	all := []file{{FileName, out.Bytes()}}
	for _, p := range page.pictures() {
		text, err := p.File()
		if err != nil {
			return nil, fmt.Errorf("report: %w", err)
		}
		all = append(all, file{p.ID + ".svg", text})
	}
	return all, nil
}

// asWritten returns the results as results.json has them, so that the same page can
// be made from that file: JSON keeps no monotonic clock, and only UTF-8.
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
