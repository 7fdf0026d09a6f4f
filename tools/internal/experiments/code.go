package experiments

import (
	"cmp"
	"context"
	"fmt"
	"go/ast"
	"go/build"
	"go/parser"
	"go/scanner"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/ioflavors/ioflavors/common/server"
	"github.com/ioflavors/ioflavors/tools/internal/bench"
	"github.com/ioflavors/ioflavors/tools/internal/models"
	"github.com/ioflavors/ioflavors/tools/internal/results"
)

// experimentCode counts the models' source, and measures nothing.
var experimentCode = &Experiment{
	Statement: results.Statement{
		ID:    "E0",
		Title: "how much code",
		Quotes: []string{
			"Easy to understand and implement",
			"Handling errors may become tricky",
		},
		Question: "Is a model whose calls block shorter than every model whose calls do not, and does it distinguish fewer errors?",
		About:    []string{"singleblocking"},
		Predictions: expect(func(v models.Variant) results.Verdict {
			switch {
			case v.Model == "singleblocking":
				return results.Confirmed
			case v.Kind == server.NonBlocking, // its connections have states; in iouring there is a ring, too
				v.Model == "multiblocking": // three models in one: a goroutine for each client, a pool, threads
				return results.Refuted
			}
			return ""
		}),
		Metric: "lines of the model's own code, without blank ones, comments, tests and its command",
		Unit:   "lines",
		Rule:   "yes if both the lines and the branches on errors are fewer than those of every model of the other kind; ONLY WHEN if that changes with what the models of a kind share",
	},
	quick:  true,
	counts: true,
	reads:  true,
	takes:  func(results.Plan, *results.Server) time.Duration { return 0 },
	run: func(_ context.Context, b *bench.Bench, s *results.Server) error {
		if models.VariantOf(s.Target).Model == "" {
			return nil // not one of our models
		}
		checkout, err := models.Checkout(".")
		if err != nil {
			return fmt.Errorf("the code was not counted, because %w", err)
		}
		figures := map[string]float64{}
		for _, m := range models.Commands() {
			for _, folder := range []string{m.Model, sharedCode[m.Kind]} {
				c, err := countCode(filepath.Join(checkout, filepath.FromSlash(folder)), systemOf(m))
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
		model := models.VariantOf(s.Target).Command
		own, _ := codeOf(t, model)
		f := results.Finding{Verdict: results.Confirmed, Number: own.lines, Low: own.lines, High: own.lines}
		var others []string
		for _, m := range ofOtherKind(t, model) {
			other, _ := codeOf(t, m)
			if !own.simpler(other) {
				f.Verdict = results.Refuted
			}
			others = append(others, m.Model+" "+codeText(t, m))
		}
		f.Why = fmt.Sprintf("lines and branches on errors, and with what its kind shares: %s; %s", codeText(t, model), strings.Join(others, "; "))
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
			model := models.VariantOf(results.Target{Name: t.Server}).Command
			_, whole := codeOf(t, model)
			for _, other := range ofOtherKind(t, model) {
				if _, otherWhole := codeOf(t, other); !whole.simpler(otherWhole) {
					return results.OnlyWhen, fmt.Sprintf("the code that the models of a kind share is not counted: with %s it is not the simpler one beside %s", sharedCode[model.Kind], other.Model)
				}
			}
		}
		return v, when
	},
}

// sharedCode is the folder of the code that the models of a kind share. Models of the
// other kind do not use it.
var sharedCode = map[server.Kind]string{server.Blocking: "common/blocking", server.NonBlocking: "common/nonblocking"}

// systemOf returns the system for which a model's code is counted: this one, unless
// the model has only a stub here.
func systemOf(m server.Command) build.Context {
	system := build.Default
	system.GOOS = cmp.Or(m.OS, system.GOOS)
	return system
}

// The names of E0's figures, each followed by a folder of the checkout. A branch is
// an if statement or a case whose condition names an error.
const (
	codeLines    = "lines of "
	codeBranches = "branches on errors of "
)

// codeOf returns the size of a model's own code, and of that code with the shared
// code of its kind.
func codeOf(t results.Trial, m server.Command) (own, whole code) {
	count := func(folder string) code { return code{t.Figures[codeLines+folder], t.Figures[codeBranches+folder]} }
	own, shared := count(m.Model), count(sharedCode[m.Kind])
	return own, code{own.lines + shared.lines, own.branches + shared.branches}
}

// codeText returns a text like "44 and 1, 377 and 12 with common/blocking".
func codeText(t results.Trial, m server.Command) string {
	own, whole := codeOf(t, m)
	return fmt.Sprintf("%s, %s with %s", own, whole, sharedCode[m.Kind])
}

// ofOtherKind returns the models of another kind whose code was counted.
func ofOtherKind(t results.Trial, m server.Command) (others []server.Command) {
	for _, other := range models.Commands() {
		if _, counted := t.Figures[codeLines+other.Model]; counted && other.Kind != m.Kind {
			others = append(others, other)
		}
	}
	return others
}

// code is the size of some code.
type code struct {
	lines    float64 // without blank ones and comments
	branches float64 // if statements and cases whose condition names an error
}

// simpler reports whether c is less than d in both respects.
func (c code) simpler(d code) bool { return c.lines < d.lines && c.branches < d.branches }

// String returns a text like "44 and 1".
func (c code) String() string { return fmt.Sprintf("%.0f and %.0f", c.lines, c.branches) }

// countCode counts a folder's Go code as it is built for a system: without tests,
// commands (cmd), and descriptions (doc.go, command.go).
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

// countFile counts a file's lines and branches.
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
		// A string between back quotes may have several lines.
		first := tokens.Line(pos)
		end := first + strings.Count(literal, "\n")
		c.lines += float64(end - max(first-1, last))
		last = end
	}
	return c, nil
}

// namesError reports whether an expression names err, ErrSomething or somethingErr.
func namesError(x ast.Expr) (yes bool) {
	ast.Inspect(x, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok {
			yes = yes || id.Name == "err" || strings.HasPrefix(id.Name, "Err") || strings.HasSuffix(id.Name, "Err")
		}
		return true
	})
	return yes
}
