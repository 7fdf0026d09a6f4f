// Package nearest suggests the known name that a user probably meant by an unknown
// one.
package nearest

import (
	"fmt"
	"strings"
)

// Unknown is the error for an unknown name; it lists the known ones. kind is the
// kind of the names.
func Unknown(kind, name string, known []string) error {
	return fmt.Errorf("no %s %q: there are %s%s", kind, name, strings.Join(known, ", "), Hint(name, known))
}

// Hint returns "; did you mean …?" with the nearest known name, or "" if
// none is near.
func Hint(name string, known []string) string {
	if near := To(name, known); near != "" {
		return fmt.Sprintf("; did you mean %q?", near)
	}
	return ""
}

// To returns the known name with the fewest edits from name, the first of
// several, or else one that begins with name; "" if none is near: more than one
// edit for each three letters is far. To ignores case.
func To(name string, known []string) string {
	name = strings.ToLower(name)
	best, least := "", 1+max(1, len(name)/3)
	for _, k := range known {
		if d := distance(name, strings.ToLower(k)); d < least {
			best, least = k, d
		}
	}
	for _, k := range known {
		if best == "" && len(name) > 2 && strings.HasPrefix(strings.ToLower(k), name) {
			best = k
		}
	}
	return best
}

// distance is the number of letters to insert, delete, replace or swap with
// their neighbour to turn a into b (optimal string alignment).
func distance(a, b string) int {
	before, last := make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := range len(a) {
		row := make([]int, len(b)+1)
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			row[j+1] = min(last[j]+cost, last[j+1]+1, row[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, last = last, row
	}
	return last[len(b)]
}
