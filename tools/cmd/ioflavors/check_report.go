package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/ioflavors/ioflavors/common/conformance"
	"github.com/ioflavors/ioflavors/tools/internal/printable"
)

// ruleLine is the format of a rule: its verdict, if there is one, its name,
// the number of its fault in the catalogue of faults, and its title.
const ruleLine = "%-4s  %-18s  %5s  %s\n"

func printHeader(w io.Writer) {
	fmt.Fprintf(w, ruleLine, "", "RULE", "FAULT", "WHAT A SERVER OWES")
}

func printRule(w io.Writer, found string, r conformance.Rule) {
	fault := ""
	if r.Fault != 0 {
		fault = strconv.Itoa(r.Fault)
	}
	fmt.Fprintf(w, ruleLine, found, r.ID, fault, r.Title)
}

func printResult(w io.Writer, r conformance.Result) {
	switch {
	case r.Passed():
		printRule(w, "pass", r.Rule)
	case r.NotJudged:
		printRule(w, "–", r.Rule)
		fmt.Fprintf(w, "      not judged: %s\n", printable.Line(r.Reason))
	default:
		printRule(w, "FAIL", r.Rule)
		fmt.Fprintf(w, "      %s\n", printable.Line(r.Reason))
	}
}

// list prints the rules.
func (c *checkCmd) list(w io.Writer) error {
	if !c.JSON {
		printHeader(w)
		for _, r := range c.rules() {
			printRule(w, "", r)
		}
		return nil
	}
	type rule struct {
		ID    string `json:"id"`
		Title string `json:"title"`
		Fault int    `json:"fault,omitempty"`
	}
	var rules []rule
	for _, r := range c.rules() {
		rules = append(rules, rule{r.ID, r.Title, r.Fault})
	}
	return printJSON(w, rules)
}

func printJSON(w io.Writer, v any) error {
	out := json.NewEncoder(w)
	out.SetIndent("", "  ")
	return out.Encode(v)
}

// summarize prints the summary, or, as JSON, everything. restarts is how
// often the server was started again.
func (c *checkCmd) summarize(w io.Writer, addr string, restarts int, r conformance.Report) error {
	if c.JSON {
		return printJSON(w, struct {
			Addr      string               `json:"addr"`
			Exchanges string               `json:"exchanges,omitempty"`
			Passed    int                  `json:"passed"`
			Total     int                  `json:"total"`
			NotJudged int                  `json:"not_judged,omitempty"`
			Restarts  int                  `json:"restarts,omitempty"`
			Results   []conformance.Result `json:"results"`
			NotRun    []string             `json:"not_run,omitempty"`
		}{addr, c.Exchanges, r.Passed(), r.Total(), len(r.NotJudged()), restarts, r.Results, ids(r.NotRun)})
	}
	open := ""
	if n := len(r.NotJudged()); n > 0 {
		open = fmt.Sprintf(", %d not judged", n)
	}
	again := ""
	if restarts > 0 {
		again = fmt.Sprintf("; the server was started again %d times", restarts)
	}
	if _, err := fmt.Fprintf(w, "%d of %d rules passed%s%s%s\n", r.Passed(), r.Total(), open, again, c.leftOut(r)); err != nil {
		return err
	}
	return first(w, r.Failed())
}

// first says which rule to look at before the others: while the exchanges do not repeat,
// no other rule can tell a fault of the server from one of the file.
func first(w io.Writer, failed []conformance.Result) error {
	if len(failed) < 2 || failed[0].ID != conformance.Repeat {
		return nil
	}
	_, err := fmt.Fprintf(w, "%s failed, so the other rules that failed say nothing yet: mend that first.\n", conformance.Repeat)
	return err
}

// leftOut names the rules that were not run, unless the user selected rules.
func (c *checkCmd) leftOut(r conformance.Report) string {
	if len(c.Only) > 0 || len(r.NotRun) == 0 {
		return ""
	}
	return fmt.Sprintf(" (not run with these flags: %s)", strings.Join(ids(r.NotRun), ", "))
}

func ids(rules []conformance.Rule) []string {
	var names []string
	for _, rule := range rules {
		names = append(names, rule.ID)
	}
	return names
}
