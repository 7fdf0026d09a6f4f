package main

import (
	"fmt"
	"path/filepath"

	"github.com/ioflavors/ioflavors/tools/internal/lab"
	"github.com/ioflavors/ioflavors/tools/internal/report"
)

type reportCmd struct {
	Results string `arg:"" type:"path" help:"The results.json of a lab run."`
	Out     string `placeholder:"DIR" type:"path" help:"Where report.html and its pictures go (default: beside the results)."`
}

func (c *reportCmd) Run(out *output) error {
	results, err := lab.Read(c.Results)
	if err != nil {
		return err
	}
	dir := c.Out
	if dir == "" {
		dir = filepath.Dir(c.Results)
	}
	names, err := report.Write(dir, results)
	if err != nil {
		return err
	}
	fmt.Fprintln(out, "→", names[0])
	return nil
}
