package report

import (
	"github.com/ioflavors/ioflavors/tools/internal/results"
)

// nothingOf is what a picture says where it has nothing of a server: that this
// system cannot run it, or else what happens to be missing.
func nothingOf(s *results.Server, otherwise string) string {
	if s.Unavailable != "" {
		return "not available"
	}
	return otherwise
}

// unavailable are the servers that this system cannot run, and why.
func unavailable(r *results.Results) (all []failure) {
	for _, s := range r.Servers {
		if s.Unavailable != "" {
			all = append(all, failure{s.Name, s.Unavailable})
		}
	}
	return all
}
