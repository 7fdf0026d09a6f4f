//go:build linux || darwin || freebsd

package threads

// bound applies a limit, which leaves so many.
func (s *state) bound(left int, limit string) {
	if left < s.left {
		s.left, s.limit = left, limit
	}
}
