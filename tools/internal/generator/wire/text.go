package wire

import "fmt"

const crlf = "\r\n"

// maxLine is the longest line of a text protocol, in bytes: an error with its reason.
const maxLine = 4 << 10

// clip quotes the beginning of a text that may be long.
func clip(p []byte) string {
	const most = 80
	if len(p) <= most {
		return fmt.Sprintf("%q", p)
	}
	return fmt.Sprintf("%q… (%d bytes)", p[:most], len(p))
}
