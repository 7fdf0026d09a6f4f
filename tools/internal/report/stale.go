package report

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
)

// ours matches the names of the pictures that this program writes, or wrote in earlier
// versions.
var ours = regexp.MustCompile(`^(?:capacity|idle|idle-cpu|idle-memory(?:-wide)?|marks|noise|open-spectrum(?:-wide)?|rate(?:-wide)?|stop|time|(?:cost|spectrum|syscalls)-[1-9][0-9]*|(?:strip|findings|stall|trend|cases)-[ex][0-9]+(?:-[0-9]+|-wide)?)\.svg$`)

// removeStale removes the pictures of an earlier run that are not among the names:
// beside a page without them, readers would take them for the page's own. A file of
// another name is not this program's.
func removeStale(dir string, names []string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		name := filepath.Join(dir, e.Name())
		if !ours.MatchString(e.Name()) || !e.Type().IsRegular() || slices.Contains(names, name) {
			continue
		}
		if err := os.Remove(name); err != nil {
			return err
		}
	}
	return nil
}
