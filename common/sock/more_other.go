//go:build !linux

package sock

// TellMore returns false: these systems cannot report whether there is more to
// read.
func TellMore(int) bool { return false }

// ReadMore is System.Read. more is always true.
func ReadMore(fd int, p []byte) (n int, more bool, err error) {
	n, err = System.Read(fd, p)
	return n, true, err
}
