package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"

	"github.com/ioflavors/ioflavors/tools/internal/folder"
)

// The pages that show a run of the lab: the first has the output of lab --verbose. The
// second has the answer at the output's end, and a column of the output's first table in
// the table of models.
const (
	wholeRun = "docs/lab.md"
	firstRun = "README.md"
)

// Where a run's text begins on a page, behind the fence of its code block.
const (
	runBegins   = "ioflavors lab · "
	tableBegins = "What a request costs\n"
)

// inAnswer is in the block with the answer, and in no other one.
const inAnswer = "\nslow client: "

// modelRow is a row of the README's table of models: a model, or with … a variant of the
// model before it. Its last cell is a figure.
var modelRow = regexp.MustCompile("(?m)^(\\| (?:\\[`(\\w+)`\\]\\([^)]+\\)|… `([^`]+)`) \\|.* )([\\d.]+)( \\|)$")

// writeSample puts the lab's output into the pages that show a run. It changes all of
// them or none.
func writeSample(lab io.Reader) error {
	var printed bytes.Buffer
	if _, err := io.Copy(&printed, lab); err != nil {
		return err
	}
	pages := make(map[string]string)
	for _, name := range []string{wholeRun, firstRun} {
		page, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		change := readmeWith
		if name == wholeRun {
			change = func(page, run string) (string, error) { return replaceBlock(page, runBegins, run) }
		}
		if pages[name], err = change(string(page), printed.String()); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	var errs []error
	for name, page := range pages {
		errs = append(errs, folder.WriteFile(name, []byte(page)))
	}
	return errors.Join(errs...)
}

// readmeWith returns the README with the figures of a run.
func readmeWith(page, run string) (string, error) {
	_, table, found := strings.Cut(run, "\n"+tableBegins)
	if !found {
		return "", errors.New("the lab printed no costs")
	}
	table, _, _ = strings.Cut(table, "\n\n")
	answer, err := answerIn(run)
	if err != nil {
		return "", err
	}
	if page, err = replaceBlockWith(page, inAnswer, answer); err != nil {
		return "", err
	}
	model := ""
	var missing []string
	page = modelRow.ReplaceAllStringFunc(page, func(row string) string {
		m := modelRow.FindStringSubmatch(row)
		if m[2] != "" {
			model = m[2]
		}
		name := strings.TrimSpace(model + " " + m[3])
		// The model's name, its rules, and the costs of 1 and of 50 connections.
		cost := regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(name) + ` +\d+/\d+ +\S+ +([\d.]+)(?: |$)`).FindStringSubmatch(table)
		if cost == nil {
			missing = append(missing, name)
			return row
		}
		return m[1] + cost[1] + m[5]
	})
	if len(missing) > 0 {
		return "", fmt.Errorf("the lab printed no cost of %s", strings.Join(missing, ", "))
	}
	return page, nil
}

// answerIn returns the end of the lab's output: the finding, a blank line and the table,
// without the names of the files.
func answerIn(run string) (string, error) {
	parts := strings.Split(run, "\n\n")
	if len(parts) < 2 || !strings.Contains(parts[len(parts)-1], inAnswer) {
		return "", errors.New("the lab printed no answer")
	}
	table, _, _ := strings.Cut(parts[len(parts)-1], "\n→")
	return parts[len(parts)-2] + "\n\n" + strings.TrimSuffix(table, "\n") + "\n", nil
}

// replaceBlockWith replaces the page's only code block that has a text in it.
func replaceBlockWith(page, within, text string) (string, error) {
	const open, shut = "\n```text\n", "\n```\n"
	before, after, found := strings.Cut(page, within)
	from, to := strings.LastIndex(before, open), strings.Index(after, shut)
	if !found || from < 0 || to < 0 || strings.Contains(after, within) || strings.Contains(before[from:], shut) {
		return "", fmt.Errorf("not exactly one block has %q in it", strings.TrimSpace(within))
	}
	return before[:from] + open + strings.TrimSuffix(text, "\n") + after[to:], nil
}

// replaceBlock replaces the page's only code block that begins with a text.
func replaceBlock(page, begin, text string) (string, error) {
	const fence = "```"
	open := "\n" + fence + "text\n"
	before, rest, found := strings.Cut(page, open+begin)
	_, after, closed := strings.Cut(rest, "\n"+fence+"\n")
	if !found || !closed || strings.Contains(after, open+begin) {
		return "", fmt.Errorf("not exactly one block begins with %q", strings.TrimSpace(begin))
	}
	if !strings.HasPrefix(text, begin) {
		return "", fmt.Errorf("the lab's output does not begin with %q", strings.TrimSpace(begin))
	}
	return before + open + strings.TrimSuffix(text, "\n") + "\n" + fence + "\n" + after, nil
}
