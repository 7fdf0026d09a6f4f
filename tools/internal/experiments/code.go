package experiments

import (
	"context"
	"fmt"
	"go/ast"
	"go/build"
	"go/parser"
	"go/scanner"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/ioflavors/ioflavors/tools/internal/bench"
	"github.com/ioflavors/ioflavors/tools/internal/models"
	"github.com/ioflavors/ioflavors/tools/internal/results"
)

// experimentCode: nothing is measured; the models' source is counted.
var experimentCode = &Experiment{
	Statement: results.Statement{
		ID:    "E0",
		Title: "how much code",
		Quotes: []string{
			"Easy to understand and implement",
			"Handling errors may become tricky",
		},
		Question: "Is a model whose calls block shorter than each one whose calls do not, and does it tell fewer errors apart?",
		About:    []string{"singleblocking"},
		Predictions: map[string]results.Verdict{
			"singleblocking": results.Confirmed,
			"multiblocking":  results.Refuted, // three models in one: a goroutine for each client, a pool, threads
			"busywait":       results.Refuted, "eventloop": results.Refuted,
			"iouring": results.Refuted, // states as in the others, and a ring between them and the kernel
		},
		Metric: "lines of the model's own code, without blank ones, comments, tests and its command",
		Unit:   "lines",
		Rule:   "yes if both the lines and the branches on errors are fewer than those of every model of the other kind; ONLY WHEN if that changes with what the models of a kind share",
	},
	quick:  true,
	counts: true,
	reads:  true,
	takes:  func(results.Plan, *results.Server) time.Duration { return 0 },
	run: func(_ context.Context, b *bench.Bench, s *results.Server) error {
		if !hasCode(s.Target) {
			return nil
		}
		checkout, err := models.Checkout(".")
		if err != nil {
			return fmt.Errorf("the code was not counted, because %w", err)
		}
		figures := map[string]float64{}
		for model, shared := range sharedCode {
			for _, folder := range []string{model, shared} {
				c, err := countCode(filepath.Join(checkout, filepath.FromSlash(folder)), systemOf(model))
				if err != nil {
					return err
				}
				figures[codeLines+folder], figures[codeBranches+folder] = c.lines, c.branches
			}
		}
		b.Results.Trials = append(b.Results.Trials, results.Trial{Experiment: "E0", Server: s.Name, Figures: figures})
		return nil
	},
	judge: func(r *results.Results, s *results.Server) (results.Finding, bool) {
		trials := r.TrialsOf("E0", s.Name)
		if len(trials) == 0 {
			return results.Finding{}, false
		}
		t := trials[0]
		if t.Figures == nil {
			return results.Finding{Verdict: results.NotMeasurable, Why: t.Note}, true
		}
		own, _ := codeOf(t, s.Model())
		f := results.Finding{Verdict: results.Confirmed, Number: own.lines, Low: own.lines, High: own.lines}
		var others []string
		for _, model := range slices.Sorted(maps.Keys(sharedCode)) {
			if sharedCode[model] == sharedCode[s.Model()] || !counted(t, model) {
				continue
			}
			other, _ := codeOf(t, model)
			if !own.simpler(other) {
				f.Verdict = results.Refuted
			}
			others = append(others, model+" "+codeText(t, model))
		}
		f.Why = fmt.Sprintf("lines and branches on errors, and with what its kind shares: %s; %s", codeText(t, s.Model()), strings.Join(others, "; "))
		if s.Rules != nil {
			f.Why += fmt.Sprintf("; %v rules passed", s.Rules)
		}
		return f, true
	},
	sum: func(r *results.Results, about []results.Finding) (results.Verdict, string) {
		v, when := common(r, about)
		if v != results.Confirmed {
			return v, when
		}
		for _, t := range r.Trials {
			if t.Experiment != "E0" || t.Server != about[0].Server {
				continue
			}
			model := results.Target{Name: t.Server}.Model()
			_, whole := codeOf(t, model)
			for _, other := range slices.Sorted(maps.Keys(sharedCode)) {
				if _, otherWhole := codeOf(t, other); counted(t, other) && sharedCode[other] != sharedCode[model] && !whole.simpler(otherWhole) {
					return results.OnlyWhen, fmt.Sprintf("what the models of a kind share is taken as given: with %s it is not the simpler one beside %s", sharedCode[model], other)
				}
			}
		}
		return v, when
	},
}

// sharedCode is, for each model, what those of its kind share and the others do
// not: calls that block, or calls that do not.
var sharedCode = map[string]string{
	"singleblocking": "common/blocking", "multiblocking": "common/blocking",
	"busywait": "common/nonblocking", "eventloop": "common/nonblocking", "iouring": "common/nonblocking",
}

// systemOf is the system that a model's code is counted for: this one, or else the
// one that the model is for, for elsewhere there is only a stub of it.
func systemOf(model string) build.Context {
	system := build.Default
	if model == "iouring" {
		system.GOOS = "linux"
	}
	return system
}

// The figures of E0, followed by a folder of the checkout. Branches are if
// statements and cases whose condition names an error.
const (
	codeLines    = "lines of "
	codeBranches = "branches on errors of "
)

// hasCode reports whether the server is one of the models whose code is here.
func hasCode(s results.Target) bool { return !s.Foreign && sharedCode[s.Model()] != "" }

// codeOf returns how much code a model has of its own, and with what its kind
// shares.
func codeOf(t results.Trial, model string) (own, whole code) {
	count := func(folder string) code { return code{t.Figures[codeLines+folder], t.Figures[codeBranches+folder]} }
	own, shared := count(model), count(sharedCode[model])
	return own, code{own.lines + shared.lines, own.branches + shared.branches}
}

// codeText is "44 and 1, 377 and 12 with common/blocking".
func codeText(t results.Trial, model string) string {
	own, whole := codeOf(t, model)
	return fmt.Sprintf("%s, %s with %s", own, whole, sharedCode[model])
}

// counted reports whether a model's code was counted.
func counted(t results.Trial, model string) bool {
	_, known := t.Figures[codeLines+model]
	return known
}

// code is how much code there is.
type code struct {
	lines    float64 // without blank ones and comments
	branches float64 // if statements and cases whose condition names an error
}

// simpler reports whether c is less than d in both respects.
func (c code) simpler(d code) bool { return c.lines < d.lines && c.branches < d.branches }

// String is "44 and 1".
func (c code) String() string { return fmt.Sprintf("%.0f and %.0f", c.lines, c.branches) }

// countCode counts a folder's Go code as it is built for a system: without
// tests, commands (cmd), and what only describes (doc.go, command.go).
func countCode(dir string, system build.Context) (sum code, err error) {
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "cmd" || d.Name() == "testdata"):
			return filepath.SkipDir
		case d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go"),
			d.Name() == "doc.go", d.Name() == "command.go":
			return nil
		}
		if built, err := system.MatchFile(filepath.Split(path)); err != nil || !built {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		c, err := countFile(path, text)
		sum.lines += c.lines
		sum.branches += c.branches
		return err
	})
	if err == nil && sum.lines == 0 {
		err = fmt.Errorf("no Go code in %s", dir)
	}
	return sum, err
}

// countFile counts a file.
func countFile(name string, text []byte) (c code, err error) {
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, name, text, parser.SkipObjectResolution)
	if err != nil {
		return code{}, err
	}
	ast.Inspect(file, func(n ast.Node) bool {
		var conditions []ast.Expr
		switch n := n.(type) {
		case *ast.IfStmt:
			conditions = []ast.Expr{n.Cond}
		case *ast.CaseClause:
			conditions = n.List
		}
		if slices.ContainsFunc(conditions, namesError) {
			c.branches++
		}
		return true
	})
	set = token.NewFileSet()
	tokens := set.AddFile(name, -1, len(text))
	var s scanner.Scanner
	s.Init(tokens, text, nil, 0) // no comments
	last := 0
	for pos, tok, literal := s.Scan(); tok != token.EOF; pos, tok, literal = s.Scan() {
		if tok == token.SEMICOLON && literal == "\n" {
			continue
		}
		// A text between back quotes may have several.
		first := tokens.Line(pos)
		end := first + strings.Count(literal, "\n")
		c.lines += float64(end - max(first-1, last))
		last = end
	}
	return c, nil
}

// namesError reports whether an expression names err, ErrSomething or
// somethingErr.
func namesError(x ast.Expr) (yes bool) {
	ast.Inspect(x, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok {
			yes = yes || id.Name == "err" || strings.HasPrefix(id.Name, "Err") || strings.HasSuffix(id.Name, "Err")
		}
		return true
	})
	return yes
}
