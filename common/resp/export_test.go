package resp

// For tests.
var MatchByte = matchByte

func Match(pattern, text []byte) bool {
	matched, _ := match(pattern, text)
	return matched
}
