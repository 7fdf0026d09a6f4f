package frame_test

import (
	"bytes"
	"encoding/binary"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/common/frame"
)

const limit = 1 << 10

func make1(body string) []byte {
	out, mark := frame.Begin(nil)
	return frame.End(append(out, body...), mark)
}

func TestFrameHasLengthBodyAndFooter(t *testing.T) {
	assert.Equal(t, []byte("\x08\x00\x00\x00abc@EOF@"), make1("abc"))
	assert.Equal(t, []byte("\x05\x00\x00\x00@EOF@"), make1(""))
	assert.Equal(t, "abc", string(frame.Body(make1("abc"))))
	assert.Empty(t, frame.Body(make1("")))
}

func TestEndFillsInTheLengthOfItsOwnFrame(t *testing.T) {
	first := make1("first")
	both, mark := frame.Begin(first)
	both = frame.End(append(both, "second"...), mark)

	body, n, err := frame.Next(both, limit)
	require.NoError(t, err)
	assert.Equal(t, "first", string(body))
	body, n2, err := frame.Next(both[n:], limit)
	require.NoError(t, err)
	assert.Equal(t, "second", string(body))
	assert.Len(t, both, n+n2)
}

func TestNextWantsMoreUntilTheFrameIsWhole(t *testing.T) {
	whole := make1("a body")
	for n := range whole {
		body, used, err := frame.Next(whole[:n], limit)
		require.NoError(t, err, "after %d bytes", n)
		assert.Zero(t, used, "after %d bytes", n)
		assert.Nil(t, body, "after %d bytes", n)
	}
}

func TestTheLengthDecidesNotTheFooter(t *testing.T) {
	for _, body := range []string{frame.Footer, string(make1("inner")), "x" + frame.Footer + frame.Footer} {
		got, n, err := frame.Next(append(make1(body), "next"...), limit)
		require.NoError(t, err)
		assert.Equal(t, body, string(got))
		assert.Equal(t, len(body)+frame.Overhead, n)
	}
}

func TestEveryByteOfTheFooterIsChecked(t *testing.T) {
	for i := range frame.Footer {
		bad := make1("abc")
		bad[frame.Header+3+i] ^= 1
		_, _, err := frame.Next(bad, limit)
		assert.ErrorIs(t, err, frame.ErrFooter, "byte %d", i)
	}
}

func TestAWrongLengthIsReportedWithTheHeader(t *testing.T) {
	for _, c := range []struct {
		length uint32
		want   error
	}{
		{0, frame.ErrTooShort},
		{4, frame.ErrTooShort},
		{5, nil},
		{limit, nil},
		{limit + 1, frame.ErrTooLong},
		{0xFFFFFFFF, frame.ErrTooLong},
	} {
		_, _, err := frame.Next(binary.LittleEndian.AppendUint32(nil, c.length), limit)
		assert.ErrorIs(t, err, c.want, "length %d", c.length)
	}
}

// With a limit of 2 GiB or more, a length of 0x7fffffff once overflowed an int of 32
// bits: the size was negative, and Next panicked. A negative limit did not limit.
func TestNoLimitLetsALengthOverflow(t *testing.T) {
	for _, limit := range []int{math.MaxInt, math.MaxInt32, math.MaxInt32 - 1, -1, math.MinInt} {
		for _, length := range []uint32{math.MaxInt32 - frame.Header + 1, math.MaxInt32 - 1, math.MaxInt32, 1 << 31, math.MaxUint32} {
			header := binary.LittleEndian.AppendUint32(nil, length)
			n, err := frame.Size(header, limit)
			assert.ErrorIs(t, err, frame.ErrTooLong, "length %d, limit %d", length, limit)
			assert.Zero(t, n)
			_, _, err = frame.Next(append(header, "body"...), limit)
			assert.ErrorIs(t, err, frame.ErrTooLong, "length %d, limit %d", length, limit)
		}
	}
	n, err := frame.Size(binary.LittleEndian.AppendUint32(nil, math.MaxInt32-frame.Header), math.MaxInt)
	assert.NoError(t, err)
	assert.Equal(t, math.MaxInt32, n)
	_, err = frame.Size(binary.LittleEndian.AppendUint32(nil, 5), -1)
	assert.ErrorIs(t, err, frame.ErrTooLong, "the least length, and a negative limit")
}

func TestSizeKnowsTheFrameFromItsHeader(t *testing.T) {
	whole := make1(strings.Repeat("x", 100))
	n, err := frame.Size(whole[:3], limit)
	require.NoError(t, err)
	assert.Zero(t, n)
	n, err = frame.Size(whole[:4], limit)
	require.NoError(t, err)
	assert.Equal(t, len(whole), n)
}

// FuzzNext: for any input, a frame that Next finds lies in the data where its length
// says, and encoding it again gives the same bytes.
func FuzzNext(f *testing.F) {
	f.Add([]byte{})
	f.Add(make1(""))
	f.Add(make1("body"))
	f.Add(append(make1(frame.Footer), make1("next")...))
	f.Add([]byte("\x00\x00\x00\x00"))
	f.Add([]byte("\x04\x00\x00\x00@EOF"))
	f.Add([]byte("\xff\xff\xff\xff"))
	f.Add([]byte("GET / HTTP/1.1\r\n\r\n"))
	f.Add([]byte("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"))
	f.Add([]byte("\x08\x00\x00\x00abc@EOF!"))
	f.Fuzz(func(t *testing.T, data []byte) {
		body, n, err := frame.Next(data, limit)
		if err != nil || n == 0 {
			if n != 0 || body != nil {
				t.Fatalf("error %v, yet body %q and n %d", err, body, n)
			}
			return
		}
		if again := make1(string(body)); !bytes.Equal(again, data[:n]) {
			t.Fatalf("%x was found, %x is made of it", data[:n], again)
		}
		if len(body)+len(frame.Footer) > limit {
			t.Fatalf("a body of %d bytes is over the limit of %d", len(body), limit)
		}
	})
}
