// Package charts draws what the lab's own parts have measured, apart from the
// claims: a figure for each question, with all servers in it.
package charts

import (
	"github.com/ioflavors/ioflavors/tools/internal/results"
)

// starred returns a server's name, with a star if it serves one client at a time.
func starred(s *results.Server) string {
	if s.OneAtATime {
		return s.Name + " *"
	}
	return s.Name
}

// NothingOf says why a chart shows nothing of a server: this system cannot run it,
// or else the reason given.
func NothingOf(s *results.Server, otherwise string) string {
	if s.Unavailable != "" {
		return "not available"
	}
	return otherwise
}
