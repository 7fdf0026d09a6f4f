package resp

import (
	"bytes"
	"errors"
)

var errQuotes = protocolError("unbalanced quotes in request")

// split splits an inline command into words, as Redis does: white space separates them,
// quotes enclose them. Within double quotes a backslash begins an escape such as \n or
// \x00; within single quotes it only escapes a quote.
func split(line []byte) (words [][]byte, err error) {
	for {
		line = bytes.TrimLeft(line, " \t\n\v\f\r\x00")
		if len(line) == 0 {
			return words, nil
		}
		word, rest, err := firstWord(line)
		if err != nil {
			return nil, err
		}
		words, line = append(words, word), rest
	}
}

// firstWord returns the word at the start of line, and what is behind it.
func firstWord(line []byte) (word, rest []byte, err error) {
	word = []byte{}
	for len(line) > 0 {
		switch c := line[0]; {
		case space(c):
			return word, line, nil
		case c == '"' || c == '\'':
			if word, line, err = quoted(word, line[1:], c); err != nil {
				return nil, nil, err
			}
			if len(line) > 0 && !space(line[0]) {
				return nil, nil, errQuotes
			}
			return word, line, nil
		default:
			word, line = append(word, c), line[1:]
		}
	}
	return word, nil, nil
}

// quoted appends what stands before the closing quote, and returns what is behind it.
func quoted(word, line []byte, quote byte) (_, rest []byte, err error) {
	for len(line) > 0 {
		c := line[0]
		switch {
		case c == quote:
			return word, line[1:], nil
		case c == '\\' && quote == '"' && len(line) > 3 && line[1] == 'x' && hex(line[2]) >= 0 && hex(line[3]) >= 0:
			word, line = append(word, byte(hex(line[2])<<4|hex(line[3]))), line[4:]
		case c == '\\' && quote == '"' && len(line) > 1:
			word, line = append(word, escaped(line[1])), line[2:]
		case c == '\\' && quote == '\'' && len(line) > 1 && line[1] == '\'':
			word, line = append(word, '\''), line[2:]
		default:
			word, line = append(word, c), line[1:]
		}
	}
	return nil, nil, errQuotes
}

// escaped returns the byte that a letter behind a backslash stands for.
func escaped(c byte) byte {
	switch c {
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	case 'b':
		return '\b'
	case 'a':
		return '\a'
	}
	return c
}

// hex returns the value of a hexadecimal digit, or -1.
func hex(c byte) int {
	switch c = lower(c); {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c && c <= 'f':
		return int(c-'a') + 10
	}
	return -1
}

func space(c byte) bool { return c == ' ' || '\t' <= c && c <= '\r' || c == 0 }

// expand makes an inline command the array of bulk strings that it stands for. Its memory
// is new.
func (r *request) expand() error {
	words, err := split(r.line)
	if err != nil {
		return err
	}
	var array []byte
	if len(words) == 0 {
		*r = request{}
		return nil
	}
	array = appendHeader(array, '*', len(words))
	for _, word := range words {
		array = appendBulk(array, word)
	}
	*r = request{}
	const any = 1 << 30 // the line had a limit
	if size, err := r.parse(array, &progress{}, any, true); size != len(array) || err != nil {
		return errors.New("an inline command is no array") // does not happen
	}
	return nil
}
