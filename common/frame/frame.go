// Package frame cuts a byte stream into frames and puts frames together.
//
//	frame   = length body footer
//	length  = uint32, little endian: the bytes that follow, body and footer
//	footer  = the five bytes "@EOF@"
//
// The length alone decides where a frame ends. The footer is checked, never
// searched for, so a body may contain it, or a whole frame. The package knows
// nothing of what a body means, does no I/O and allocates nothing.
package frame

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

const (
	// Header is the size of the length in front of each frame, in bytes.
	Header = 4
	// Footer ends each frame.
	Footer = "@EOF@"
	// Overhead is what a frame adds to its body, in bytes.
	Overhead = Header + len(Footer)
	// MaxLength is the largest length that a frame may have on any system, in
	// bytes: with its header, the frame can still be counted by an int of 32 bits.
	MaxLength = math.MaxInt32 - Header
)

// After each of these errors the stream has no further frame boundaries that
// could be trusted: nothing more can be read from it.
var (
	ErrTooShort = errors.New("frame too short to hold its footer")
	ErrTooLong  = errors.New("frame too long")
	ErrFooter   = errors.New("frame does not end in " + Footer)
)

// Size returns how many bytes the first frame in data takes, header included,
// and 0 when data is too short to tell. A length that no frame may have is
// reported as soon as the header is there, so that nobody waits for, or
// allocates, what it promises. limit bounds the length: body and footer, in
// bytes. So does MaxLength, whatever the limit is.
func Size(data []byte, limit int) (int, error) {
	n := size(data, limit)
	if n < 0 {
		return 0, badLength(data, limit)
	}
	return n, nil
}

// size is Size, and negative for an error: so it can be inlined.
func size(data []byte, limit int) int {
	if len(data) < Header {
		return 0
	}
	length := binary.LittleEndian.Uint32(data)
	if length < uint32(len(Footer)) || int64(length) > int64(min(limit, MaxLength)) {
		return -1
	}
	return Header + int(length)
}

func badLength(data []byte, limit int) error {
	length := binary.LittleEndian.Uint32(data)
	if length < uint32(len(Footer)) {
		return fmt.Errorf("%w: length %d, the least is %d", ErrTooShort, length, len(Footer))
	}
	return fmt.Errorf("%w: length %d, the limit is %d bytes", ErrTooLong, length, min(limit, MaxLength))
}

// Next finds the first frame in data. It returns the frame's body, which is
// part of data, and the number of bytes that the frame takes. n == 0 with a
// nil error means that more bytes are needed. limit is Size's.
func Next(data []byte, limit int) (body []byte, n int, err error) {
	n = size(data, limit)
	if n < 0 {
		return nil, 0, badLength(data, limit)
	}
	if n == 0 || len(data) < n {
		return nil, 0, nil
	}
	end := n - len(Footer)
	if string(data[end:n]) != Footer {
		return nil, 0, fmt.Errorf("%w but in %q", ErrFooter, data[end:n])
	}
	return data[Header:end], n, nil
}

// Body returns the body of a whole frame, one that Next has found.
func Body(frame []byte) []byte { return frame[Header : len(frame)-len(Footer)] }

// Begin starts a frame at the end of dst: it reserves the length. The caller
// appends the body to out, then calls End with the same mark.
func Begin(dst []byte) (out []byte, mark int) {
	return append(dst, 0, 0, 0, 0), len(dst)
}

// End completes the frame that Begin started at mark.
func End(dst []byte, mark int) []byte {
	dst = append(dst, Footer...)
	binary.LittleEndian.PutUint32(dst[mark:], uint32(len(dst)-mark-Header))
	return dst
}
