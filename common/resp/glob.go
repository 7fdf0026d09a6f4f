package resp

import "bytes"

// maxPattern is the length of the longest pattern, in bytes.
const maxPattern = 1024

// maxMatch bounds the time that one match takes, in bytes of the text that are looked at:
// some milliseconds. One * needs no more for a key of a mebibyte. A pattern such as
// *aaaab looks at most bytes of aaaaaa again and again.
const maxMatch = 2 << 20

const errMatch = refusal("ERR matching a key with this pattern takes too long")

const errPattern = refusal("ERR the pattern is longer than 1024 bytes")

// match reports whether text matches a pattern of Redis: * stands for any bytes, ? for one,
// [a-c] and [^a-c] for one of a set, and \ takes the next byte literally.
//
// It goes back only to the last *, so its time is bounded by the product of the lengths,
// and by maxMatch: looked is how many bytes it has looked at, and more than maxMatch if
// it has given up.
func match(pattern, text []byte) (matched bool, looked int) {
	var retry, from []byte // behind the last *, and the text that it has not taken
	for ; len(text) > 0 || len(pattern) > 0; looked++ {
		if looked > maxMatch {
			return false, looked
		}
		if len(pattern) > 0 && pattern[0] == '*' {
			pattern = bytes.TrimLeft(pattern, "*")
			if len(pattern) == 0 {
				return true, looked
			}
			retry, from = pattern, text
			continue
		}
		if len(pattern) > 0 && len(text) > 0 {
			if rest, ok := matchByte(pattern, text[0]); ok {
				pattern, text = rest, text[1:]
				continue
			}
		}
		if retry == nil || len(from) == 0 {
			return false, looked
		}
		from = from[1:]
		pattern, text = retry, from
	}
	return true, looked
}

// matchByte matches a byte with the start of a pattern, and returns the pattern's rest.
func matchByte(pattern []byte, c byte) (rest []byte, ok bool) {
	switch first := pattern[0]; {
	case first == '?':
		return pattern[1:], true
	case first == '[':
		return matchSet(pattern[1:], c)
	case first == '\\' && len(pattern) > 1:
		return pattern[2:], pattern[1] == c
	default:
		return pattern[1:], first == c
	}
}

// matchSet is matchByte behind an opening bracket. A set without an end ends with the
// pattern.
func matchSet(set []byte, c byte) (rest []byte, ok bool) {
	negated := len(set) > 0 && set[0] == '^'
	if negated {
		set = set[1:]
	}
	for len(set) > 0 && set[0] != ']' {
		switch {
		case set[0] == '\\' && len(set) > 1:
			ok = ok || set[1] == c
			set = set[2:]
		case len(set) > 2 && set[1] == '-':
			low, high := min(set[0], set[2]), max(set[0], set[2])
			ok = ok || low <= c && c <= high
			set = set[3:]
		default:
			ok = ok || set[0] == c
			set = set[1:]
		}
	}
	if len(set) > 0 {
		set = set[1:]
	}
	return set, ok != negated
}
