package resp

// For tests.
var (
	Match     = match
	MatchByte = matchByte
)
