package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"hash/fnv"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// mutation is one small change to one file.
type mutation struct {
	target *target
	path   string // of the file, from the root of the workspace
	source []byte // the original
	from   int    // the replaced bytes are source[from:to]
	to     int
	by     string
	name   string // does not change while the function stays the same, wherever it moves to
	line   int
}

// String names the mutation without its line, which other changes would move.
func (m mutation) String() string { return m.target.folder + ": " + m.name }

func (m mutation) apply() []byte {
	return slices.Concat(m.source[:m.from], []byte(m.by), m.source[m.to:])
}

// swaps has for each operator the operators that a tired engineer may write by
// mistake.
var swaps = map[token.Token][]token.Token{
	token.LSS:  {token.LEQ, token.GEQ},
	token.LEQ:  {token.LSS, token.GTR},
	token.GTR:  {token.GEQ, token.LEQ},
	token.GEQ:  {token.GTR, token.LSS},
	token.EQL:  {token.NEQ},
	token.NEQ:  {token.EQL},
	token.LAND: {token.LOR},
	token.LOR:  {token.LAND},
	token.ADD:  {token.SUB},
	token.SUB:  {token.ADD},
	token.MUL:  {token.QUO},
	token.QUO:  {token.MUL},
}

var assigned = map[token.Token]string{
	token.ADD_ASSIGN: "-=", token.SUB_ASSIGN: "+=", token.INC: "--", token.DEC: "++",
	token.OR_ASSIGN: "=", token.AND_ASSIGN: "=",
}

// mutations returns all mutations of the target's files that this system
// compiles.
func (t *target) mutations() ([]mutation, error) {
	output, err := exec.Command("go", "list", "-json=GoFiles", "./"+t.folder).Output()
	if err != nil {
		return nil, fmt.Errorf("go list %s: %w", t.folder, err)
	}
	var listed struct{ GoFiles []string }
	if err := json.Unmarshal(output, &listed); err != nil {
		return nil, err
	}
	for _, file := range t.files {
		if !slices.Contains(listed.GoFiles, file) {
			return nil, fmt.Errorf("%s: it has no file %s to mutate", t.folder, file)
		}
	}
	var all []mutation
	for _, file := range listed.GoFiles {
		if len(t.files) > 0 && !slices.Contains(t.files, file) {
			continue
		}
		path := filepath.Join(t.folder, file)
		source, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		found, err := find(path, source)
		if err != nil {
			return nil, err
		}
		for i := range found {
			found[i].target = t
		}
		all = append(all, found...)
	}
	return all, nil
}

// finder collects the mutations of a file.
type finder struct {
	fset     *token.FileSet
	path     string
	source   []byte
	function string
	seen     map[string]int
	found    []mutation
}

func find(path string, source []byte) ([]mutation, error) {
	f := &finder{fset: token.NewFileSet(), path: path, source: source, seen: make(map[string]int)}
	parsed, err := parser.ParseFile(f.fset, path, source, 0)
	if err != nil {
		return nil, err
	}
	for _, decl := range parsed.Decls {
		fn, ok := decl.(*ast.FuncDecl)
		if !ok || fn.Body == nil || fn.Name.Name == "String" {
			continue
		}
		f.function = fn.Name.Name
		if fn.Recv != nil {
			f.function = f.text(fn.Recv.List[0].Type) + "." + f.function
		}
		ast.Inspect(fn.Body, f.visit)
	}
	return f.found, nil
}

func (f *finder) visit(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.BinaryExpr:
		for _, op := range swaps[n.Op] {
			f.add(n.OpPos, n.OpPos+token.Pos(len(n.Op.String())), op.String(), f.text(n))
		}
	case *ast.IncDecStmt:
		f.add(n.TokPos, n.TokPos+2, assigned[n.Tok], f.text(n))
	case *ast.AssignStmt:
		if by, ok := assigned[n.Tok]; ok {
			f.add(n.TokPos, n.TokPos+2, by, f.text(n))
		}
		if n.Tok == token.ASSIGN {
			f.add(n.Pos(), n.End(), "", f.text(n))
		}
	case *ast.ExprStmt:
		f.add(n.Pos(), n.End(), "", f.text(n))
	case *ast.DeferStmt:
		f.add(n.Pos(), n.End(), "", f.text(n))
	case *ast.IfStmt:
		if _, binary := n.Cond.(*ast.BinaryExpr); !binary { // a binary condition has its operator changed instead
			f.add(n.Cond.Pos(), n.Cond.End(), "!("+f.text(n.Cond)+")", "if "+f.text(n.Cond))
		}
	case *ast.ReturnStmt:
		for _, r := range n.Results {
			if name, ok := r.(*ast.Ident); ok && (name.Name == "true" || name.Name == "false") {
				f.add(name.Pos(), name.End(), fmt.Sprint(name.Name == "false"), f.text(n))
			}
		}
	case *ast.BranchStmt:
		if n.Label == nil && n.Tok == token.CONTINUE {
			f.add(n.Pos(), n.End(), "break", f.text(n))
		}
	}
	return true
}

// add records that the code between two positions may be replaced; context is the
// code around it.
func (f *finder) add(from, to token.Pos, by, context string) {
	start, end := f.fset.Position(from), f.fset.Position(to)
	was := string(f.source[start.Offset:end.Offset])
	change := "without " + short(was)
	if by != "" {
		change = fmt.Sprintf("%s: %s becomes %s", short(context), short(was), short(by))
	}
	name := fmt.Sprintf("%s: %s", f.function, change)
	f.seen[name]++
	if again := f.seen[name]; again > 1 {
		name += fmt.Sprintf(" (%d)", again)
	}
	f.found = append(f.found, mutation{
		path: f.path, source: f.source, from: start.Offset, to: end.Offset, by: by, name: name, line: start.Line,
	})
}

func (f *finder) text(n ast.Node) string {
	return string(f.source[f.fset.Position(n.Pos()).Offset:f.fset.Position(n.End()).Offset])
}

var comment = regexp.MustCompile(`//[^\n]*`)

// short returns code on one line, without comments, and cut if it is long. The mark
// before a verdict does not appear in it.
func short(code string) string {
	const most = 60
	code = comment.ReplaceAllString(code, "")
	code = strings.Join(strings.Fields(code), " ")
	if r := []rune(code); len(r) > most {
		code = string(r[:most]) + "…"
	}
	return strings.ReplaceAll(code, " | ", "|")
}

// choose returns n of the mutations, or all if n is 0. It takes those with the
// smallest hashes of their names, so that a change elsewhere does not change the
// choice.
func choose(all []mutation, n int) []mutation {
	all = slices.Clone(all)
	if n > 0 && n < len(all) {
		slices.SortStableFunc(all, func(a, b mutation) int { return cmp.Compare(hash(a), hash(b)) })
		all = all[:n]
	}
	slices.SortStableFunc(all, func(a, b mutation) int {
		return cmp.Or(cmp.Compare(a.path, b.path), cmp.Compare(a.from, b.from), bytes.Compare([]byte(a.by), []byte(b.by)))
	})
	return all
}

func hash(m mutation) uint64 {
	h := fnv.New64a()
	h.Write([]byte(m.String()))
	return h.Sum64()
}
