package resp

import "strconv"

// aroundBulk is the most that a bulk string has besides its text, in bytes.
const aroundBulk = 1 + 19 + 2 + 2

// maxReply is the length of the longest reply, in bytes; Redis bounds a string in the
// same way. The memory for buffers usually permits less.
const maxReply = 512 << 20

func appendHeader(dst []byte, kind byte, n int) []byte {
	dst = append(dst, kind)
	dst = strconv.AppendInt(dst, int64(n), 10)
	return append(dst, "\r\n"...)
}

func appendBulk[T string | []byte](dst []byte, text T) []byte {
	dst = appendHeader(dst, '$', len(text))
	dst = append(dst, text...)
	return append(dst, "\r\n"...)
}

func appendInt(dst []byte, n int64) []byte {
	dst = append(dst, ':')
	dst = strconv.AppendInt(dst, n, 10)
	return append(dst, "\r\n"...)
}

func appendSimple(dst []byte, text string) []byte {
	dst = append(dst, '+')
	dst = append(dst, text...)
	return append(dst, "\r\n"...)
}

// appendError appends an error. Ends of lines in text become spaces, because they would
// end the error.
func appendError(dst []byte, text string) []byte {
	dst = append(dst, '-')
	start := len(dst)
	dst = append(dst, text...)
	for i, c := range dst[start:] {
		if c == '\r' || c == '\n' {
			dst[start+i] = ' '
		}
	}
	return append(dst, "\r\n"...)
}

// appendNull appends the reply for a key that is absent.
func appendNull(dst []byte, version uint8) []byte {
	if version >= 3 {
		return append(dst, "_\r\n"...)
	}
	return append(dst, "$-1\r\n"...)
}

// appendMap begins a map of n keys, each before its value.
func appendMap(dst []byte, version uint8, n int) []byte {
	if version >= 3 {
		return appendHeader(dst, '%', n)
	}
	return appendHeader(dst, '*', 2*n)
}

// appendSet begins a set of n elements.
func appendSet(dst []byte, version uint8, n int) []byte {
	if version >= 3 {
		return appendHeader(dst, '~', n)
	}
	return appendHeader(dst, '*', n)
}

// appendText appends a text that is made for people.
func appendText(dst []byte, version uint8, text string) []byte {
	if version < 3 {
		return appendBulk(dst, text)
	}
	const format = "txt:"
	dst = appendHeader(dst, '=', len(format)+len(text))
	dst = append(dst, format...)
	dst = append(dst, text...)
	return append(dst, "\r\n"...)
}

// digits returns the number of decimal digits of n, which is not negative.
func digits(n int) int {
	d := 1
	for ; n >= 10; n /= 10 {
		d++
	}
	return d
}

// sizeOfBulk is the length of a bulk string with a text of n bytes, in bytes.
func sizeOfBulk(n int) int { return 1 + digits(n) + 2 + n + 2 }

// finish puts a header before a text that has been appended behind space for it: dst
// ends with the space, from start to begin, and the text. If the header has another
// length than the space, the text moves. The capacity is sufficient.
func finish(dst []byte, start, begin int, kind byte, n int) []byte {
	if length := 3 + digits(n); start+length != begin {
		text := dst[begin:]
		dst = dst[:start+length+len(text)]
		copy(dst[start+length:], text)
	}
	appendHeader(dst[:start], kind, n)
	return dst
}
