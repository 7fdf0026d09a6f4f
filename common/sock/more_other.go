//go:build !linux

package sock

// TellMore would have the kernel say whether there is more to be read.
func TellMore(int) bool { return false }

// ReadMore is System.Read. There may always be more.
func ReadMore(fd int, p []byte) (n int, more bool, err error) {
	n, err = System.Read(fd, p)
	return n, true, err
}
