package main

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/ioflavors/ioflavors/tools/internal/folder"
)

// equivalent begins the verdict on a mutation that changes no behaviour that
// matters; any other verdict is about a hole in the tests.
const equivalent = "equivalent:"

// open marks a missing verdict in the file.
const open = "?"

// verdicts has a verdict, or "", for each mutation that survived.
type verdicts map[string]string

// readVerdicts reads lines of the form "mutation | verdict". A missing file
// counts as empty.
func readVerdicts(file string) (verdicts, error) {
	text, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	v := make(verdicts)
	for i, line := range strings.Split(string(text), "\n") {
		if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
			continue
		}
		m, verdict, ok := strings.Cut(line, " | ")
		if !ok {
			return nil, fmt.Errorf("%s:%d: want: mutation | verdict", file, i+1)
		}
		if verdict = strings.TrimSpace(verdict); verdict == open {
			verdict = ""
		}
		v[m] = verdict
	}
	return v, nil
}

const header = `# The mutations that survived go run ./tools/internal/mutate, each with a person's
# verdict: "equivalent: why", or "hole: what a test would have to show".
`

func writeVerdicts(file string, v verdicts) error {
	var b strings.Builder
	b.WriteString(header)
	for _, m := range slices.Sorted(maps.Keys(v)) {
		fmt.Fprintf(&b, "%s | %s\n", m, cmp.Or(v[m], open))
	}
	return folder.WriteFile(file, []byte(b.String()))
}

// merge returns the survivors of a run of some targets, and the known verdicts of all
// other targets.
func (v verdicts) merge(tried []string, survivors verdicts) verdicts {
	merged := maps.Clone(survivors)
	if merged == nil {
		merged = make(verdicts)
	}
	for m, verdict := range v {
		from, _, _ := strings.Cut(m, ": ")
		if !slices.Contains(tried, from) {
			merged[m] = verdict
		}
	}
	return merged
}
