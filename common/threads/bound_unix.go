//go:build linux || darwin || freebsd

package threads

// bound applies a limit that leaves left threads, if it is the tightest so far.
func (s *state) bound(left int, limit string) {
	if left < s.left {
		s.left, s.limit = left, limit
	}
}
