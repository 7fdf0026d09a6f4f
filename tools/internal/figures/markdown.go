package main

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// markdown returns the tables, aligned so that they can be read as text.
func (r *results) markdown() string {
	var b strings.Builder
	if len(r.rows) > 0 {
		for _, v := range r.variants {
			fmt.Fprintf(&b, "- %s: `%s`\n", label(v), v)
		}
		b.WriteString("\n")
		writeTable(&b, r.rowTable())
	}
	if len(r.others) > 0 {
		if len(r.rows) > 0 {
			b.WriteString("\n")
		}
		writeTable(&b, r.otherTable())
	}
	return b.String()
}

// words are the texts for the results.
var words = map[string]string{"pass": "ok", "fail": "FAILED", "skip": "SKIPPED", "": "NOT RUN"}

// rowTable has a line for each row, a line for each of its figures, and a
// last line with the number of rows that each variant has passed.
func (r *results) rowTable() (table [][]string) {
	head := []string{"row", "test, figure"}
	for _, v := range r.variants {
		head = append(head, label(v))
	}
	table = append(table, head)
	passed := make(map[string]int)
	for _, row := range r.rows {
		line := []string{fmt.Sprint(row.number), row.title}
		for _, v := range r.variants {
			result := ""
			if o := row.results[v]; o != nil {
				result = o.result
			}
			if result == "pass" {
				passed[v]++
			}
			line = append(line, words[result])
		}
		table = append(table, line)
		for _, name := range row.names {
			line := []string{"", "`" + name + "`"}
			for _, v := range r.variants {
				value := ""
				if o := row.results[v]; o != nil {
					value = o.figures[name]
				}
				line = append(line, value)
			}
			table = append(table, line)
		}
	}
	last := []string{"", "rows passed"}
	for _, v := range r.variants {
		last = append(last, fmt.Sprintf("%d of %d", passed[v], len(r.rows)))
	}
	return append(table, last)
}

func (r *results) otherTable() (table [][]string) {
	table = append(table, []string{"test", "result", "figures"})
	for _, o := range r.others {
		var figures []string
		for _, name := range o.names {
			figures = append(figures, fmt.Sprintf("`%s` %s", name, o.figures[name]))
		}
		table = append(table, []string{o.name, words[o.result], strings.Join(figures, ", ")})
	}
	return table
}

// label is a variant's name in the head of a table: "multiblocking --workers 8"
// is M-w8.
func label(variant string) string {
	model, options, _ := strings.Cut(variant, " ")
	label := strings.ToUpper(model[:1])
	for _, word := range strings.Fields(options) {
		if option, ok := strings.CutPrefix(word, "--"); ok {
			word = "-" + option[:1]
		}
		label += word
	}
	return label
}

// writeTable writes a table whose first line is the header.
func writeTable(b *strings.Builder, table [][]string) {
	widths := make([]int, len(table[0]))
	for _, line := range table {
		for i, cell := range line {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	for n, line := range table {
		for i, cell := range line {
			fmt.Fprintf(b, "| %-*s ", widths[i], cell)
		}
		b.WriteString("|\n")
		if n == 0 {
			for _, w := range widths {
				b.WriteString("|" + strings.Repeat("-", w+2))
			}
			b.WriteString("|\n")
		}
	}
}
