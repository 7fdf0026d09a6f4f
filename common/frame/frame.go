// Package frame cuts a byte stream into frames and puts frames together.
//
//	frame   = length body footer
//	length  = uint32, little endian: the bytes that follow, body and footer
//	footer  = the five bytes "@EOF@"
//
// The length alone decides where a frame ends. The footer is checked, never searched
// for, so a body may contain the footer, or a whole frame. The package does not
// interpret bodies, does no I/O and allocates nothing. Read frames with Next, and write
// them with Begin and End.
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
	// Overhead is the size of a frame without its body, in bytes.
	Overhead = Header + len(Footer)
	// MaxLength is the largest length of a frame on any system, in bytes. The length
	// plus the header still fits into an int of 32 bits.
	MaxLength = math.MaxInt32 - Header
)

// After each of these errors the stream has no trustworthy frame boundaries: nothing
// more can be read from it.
var (
	ErrTooShort = errors.New("frame too short to hold its footer")
	ErrTooLong  = errors.New("frame too long")
	ErrFooter   = errors.New("frame does not end in " + Footer)
)

// Size returns the size in bytes of the first frame in data, header included, or 0 when
// data is too short to tell. An invalid length is an error as soon as the header is
// there, so no caller waits or allocates for the bytes that it promises. limit bounds
// the length, which counts body and footer, in bytes. MaxLength bounds it as well.
func Size(data []byte, limit int) (int, error) {
	n := size(data, limit)
	if n < 0 {
		return 0, badLength(data, limit)
	}
	return n, nil
}

// size is Size, but negative for an error, so that the compiler can inline it.
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

// Next finds the first frame in data. It returns the frame's body, which is part of
// data, and the size of the frame in bytes. n == 0 with a nil error means that more
// bytes are needed. limit is as in Size.
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

// Body returns the body of a whole frame that Next has found.
func Body(frame []byte) []byte { return frame[Header : len(frame)-len(Footer)] }

// Begin starts a frame at the end of dst: it reserves room for the length. The caller
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
