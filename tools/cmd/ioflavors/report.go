package main

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/ioflavors/ioflavors/tools/internal/folder"
	"github.com/ioflavors/ioflavors/tools/internal/report"
	"github.com/ioflavors/ioflavors/tools/internal/results"
	"github.com/ioflavors/ioflavors/tools/internal/stdout"
)

type reportCmd struct {
	Of  string `arg:"" optional:"" name:"run" type:"path" help:"A run's folder, its results.json, or a folder with several runs, for the latest of them (default: lab-out)."`
	Out string `placeholder:"DIR" type:"path" help:"Where report.html and its pictures go (default: beside the results)."`
}

func (c *reportCmd) Run(ctx context.Context, out *stdout.Checked) error {
	name, err := folder.Find(cmp.Or(c.Of, folder.Default), results.FileName)
	if err != nil {
		return err
	}
	found, err := results.Read(ctx, name)
	if err != nil {
		return err
	}
	dir := filepath.Dir(name)
	if c.Out != "" && !sameFile(c.Out, dir) {
		// A page beside the results of another run would be taken for theirs.
		to, err := folder.Use(c.Out, results.FileName)
		if err != nil {
			return err
		}
		defer closeFolder(to)
		dir = to.Path
	}
	names, err := report.Write(dir, found)
	if err != nil {
		return err
	}
	fmt.Fprintln(out, "→", names[0])
	return nil
}

// sameFile reports whether both names mean the same file or folder.
func sameFile(a, b string) bool {
	first, errA := os.Stat(a)
	second, errB := os.Stat(b)
	return errA == nil && errB == nil && os.SameFile(first, second)
}
