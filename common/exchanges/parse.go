package exchanges

import (
	"bytes"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"
)

// SyntaxError says where a file is wrong, and how.
type SyntaxError struct {
	File string
	// Line and Column count from 1. Columns are bytes, as the Go compiler's are.
	Line, Column int
	Msg          string
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("%s:%d:%d: %s", e.File, e.Line, e.Column, e.Msg)
}

// repeat is the line between the exchanges that set up a connection and all others.
const repeat = "repeat:"

// Parse reads exchanges. name is the file's name in errors. An error about the contents
// is a *SyntaxError.
func Parse(name string, r io.Reader) ([]Exchange, error) {
	text, err := io.ReadAll(io.LimitReader(r, MaxFile+1))
	if err != nil {
		return nil, err
	}
	text = bytes.TrimPrefix(text, []byte("\uFEFF")) // Windows' editors write this mark
	p := parser{file: name, line: 1}
	switch {
	case len(text) > MaxFile:
		p.line += bytes.Count(text[:MaxFile], []byte{'\n'})
		return nil, p.wrong(0, "the file is longer than %d MiB", MaxFile>>20)
	case bytes.HasPrefix(text, []byte("\xff\xfe")), bytes.HasPrefix(text, []byte("\xfe\xff")):
		return nil, p.wrong(0, "the file is UTF-16: save it as UTF-8")
	}
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r")
		if err := p.take(line); err != nil {
			return nil, err
		}
		p.line++
	}
	if err := p.end(); err != nil {
		return nil, err
	}
	return p.all, nil
}

// parser reads lines. The last exchange of all is under way.
type parser struct {
	file     string
	line     int // from 1
	all      []Exchange
	repeated bool // the line repeat was there
	marked   int  // its number
}

// wrong returns an error about the byte at this offset in the line.
func (p *parser) wrong(offset int, format string, args ...any) error {
	return &SyntaxError{p.file, p.line, offset + 1, fmt.Sprintf(format, args...)}
}

func (p *parser) take(line string) error {
	begin := skipBlanks(line, 0)
	if ends(line, begin) {
		return nil
	}
	if strings.HasPrefix(line[begin:], repeat) {
		return p.mark(line, begin)
	}
	direction := line[begin]
	if direction != '>' && direction != '<' {
		return p.wrong(begin, "expected > and a request, < and a reply, # and a comment, or %s; got %s", repeat, shown(line[begin:]))
	}
	at := skipBlanks(line, begin+1)
	part, after, err := p.literal(line, at)
	if err != nil {
		return err
	}
	if rest := skipBlanks(line, after); !ends(line, rest) {
		return p.wrong(rest, "expected the end of the line behind the string; got %s", shown(line[rest:]))
	}
	if direction == '>' {
		return p.request(begin, at, part)
	}
	return p.reply(begin, at, part)
}

func (p *parser) request(begin, at int, part []byte) error {
	last := p.last()
	if last == nil || len(last.Reply) > 0 {
		if len(p.all) == MaxExchanges {
			return p.wrong(begin, "more than %d exchanges", MaxExchanges)
		}
		p.all = append(p.all, Exchange{Line: p.line})
		last = p.last()
	}
	if len(part) == 0 {
		return p.wrong(at, "an empty request")
	}
	last.Request = append(last.Request, part...)
	return nil
}

func (p *parser) reply(begin, at int, part []byte) error {
	last := p.last()
	if last == nil || p.repeated && p.marked > last.Line {
		return p.wrong(begin, "a reply before its request")
	}
	if len(part) == 0 {
		return p.wrong(at, "an empty reply: if the server does not answer a request, join it to the next request that it answers")
	}
	last.Reply = append(last.Reply, part...)
	return nil
}

// mark ends the exchanges that set up a connection.
func (p *parser) mark(line string, begin int) error {
	if rest := skipBlanks(line, begin+len(repeat)); !ends(line, rest) {
		return p.wrong(rest, "expected the end of the line behind %s; got %s", repeat, shown(line[rest:]))
	}
	last := p.last()
	switch {
	case p.repeated:
		return p.wrong(begin, "a second %s; the first is on line %d", repeat, p.marked)
	case last == nil:
		return p.wrong(begin, "no exchange before %s, which ends the exchanges that take place once on each connection", repeat)
	case len(last.Reply) == 0:
		return p.wrong(begin, "the request of line %d has no reply", last.Line)
	}
	for i := range p.all {
		p.all[i].Setup = true
	}
	p.repeated, p.marked = true, p.line
	return nil
}

func (p *parser) end() error {
	last := p.last()
	switch {
	case last == nil:
		p.line = 1
		return p.wrong(0, "the file has no exchange: write > and a request, and below it < and its reply")
	case len(last.Reply) == 0:
		p.line = last.Line
		return p.wrong(0, "the request has no reply")
	case last.Setup:
		p.line = p.marked
		return p.wrong(0, "no exchange behind %s", repeat)
	}
	return nil
}

func (p *parser) last() *Exchange {
	if len(p.all) == 0 {
		return nil
	}
	return &p.all[len(p.all)-1]
}

// literal reads the Go string at this offset in the line. It returns the offset behind
// it, too.
func (p *parser) literal(line string, begin int) (part []byte, after int, err error) {
	if begin == len(line) || line[begin] != '"' && line[begin] != '`' {
		return nil, 0, p.wrong(begin, "expected a string in Go's form, \"…\" or `…`; got %s", shown(line[begin:]))
	}
	quote := line[begin]
	for at := begin + 1; at < len(line); {
		if line[at] == quote {
			return part, at + 1, nil
		}
		char, size := utf8.DecodeRuneInString(line[at:])
		switch {
		case char == utf8.RuneError && size == 1:
			return nil, 0, p.wrong(at, "this byte is no UTF-8: write it as \"\\x%02x\"", line[at])
		case quote == '`' || char != '\\':
			part = append(part, line[at:at+size]...)
			at += size
			continue
		}
		value, multibyte, tail, err := strconv.UnquoteChar(line[at:], quote)
		if err != nil {
			if at+1 == len(line) {
				break
			}
			return nil, 0, p.wrong(at, "this escape is none of Go's: %s", shown(line[at:]))
		}
		if multibyte {
			part = utf8.AppendRune(part, value)
		} else {
			part = append(part, byte(value))
		}
		at = len(line) - len(tail)
	}
	if quote == '`' {
		return nil, 0, p.wrong(begin, "the string has no ` at its end: write a string for each line")
	}
	return nil, 0, p.wrong(begin, "the string has no \" at its end")
}

func skipBlanks(line string, at int) int {
	for at < len(line) && (line[at] == ' ' || line[at] == '\t') {
		at++
	}
	return at
}

// ends reports whether nothing but a comment begins at this offset.
func ends(line string, at int) bool { return at == len(line) || line[at] == '#' }

// shown quotes the beginning of a text.
func shown(text string) string {
	const most = 20
	switch {
	case text == "":
		return "the end of the line"
	case len(text) > most:
		return strconv.Quote(text[:most]) + "…"
	default:
		return strconv.Quote(text)
	}
}
