package compare

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"flag"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/tools/internal/load"
	"github.com/ioflavors/ioflavors/tools/internal/results"
)

var store = flag.String("store", "", "a `folder` with folders of runs, to keep in testdata what compare needs of them")

// stored reads the runs in testdata whose names begin with a text. testdata/README.md
// says how they were made.
func stored(t *testing.T, begin string) map[string]*results.Results {
	t.Helper()
	names, err := filepath.Glob(filepath.Join("testdata", begin+"*.json.gz"))
	require.NoError(t, err)
	runs := make(map[string]*results.Results)
	for _, name := range names {
		f, err := os.Open(name)
		require.NoError(t, err)
		unzip, err := gzip.NewReader(f)
		require.NoError(t, err)
		data, err := io.ReadAll(unzip)
		require.NoError(t, err)
		require.NoError(t, f.Close())
		r, err := results.Decode(data)
		require.NoError(t, err, name)
		runs[strings.TrimSuffix(filepath.Base(name), ".json.gz")] = r
	}
	return runs
}

// Runs of the same programs do not differ, in any pair, whether or not compare knows that
// the programs are the same. The machine is up to a quarter slower in one run than in another one.
func TestStoredRunsOfTheSameProgramsDoNotDiffer(t *testing.T) {
	runs := stored(t, "quiet-")
	require.GreaterOrEqual(t, len(runs), 7)
	pairs := 0
	for nameA, a := range runs {
		for nameB, b := range runs {
			if nameA >= nameB {
				continue
			}
			pairs++
			for _, known := range []bool{true, false} {
				if !known {
					a, b = unknown(a), unknown(b)
				}
				c, changed := compared(t, a, b)
				assert.Empty(t, changed, "%s, %s, known to be the same: %v", nameA, nameB, known)
				assert.GreaterOrEqual(t, c.Judged(), 6*3-2)
			}
		}
	}
	assert.GreaterOrEqual(t, pairs, 20)
}

// A server that takes some 10 % more CPU time is found in each pair of runs of 100 rounds,
// and no other one.
func TestTenPercentOfARealServerAreFound(t *testing.T) {
	base, slowed := stored(t, "base-"), stored(t, "slowed-")
	require.Len(t, base, 2)
	require.Len(t, slowed, 2)
	for nameA, a := range base {
		for nameB, b := range slowed {
			_, changed := compared(t, a, b)
			require.Len(t, changed, 1, "%s, %s", nameA, nameB)
			assert.Equal(t, "mine", changed[0].Server)
			assert.Equal(t, Worse, changed[0].Verdict)
			assert.InDelta(t, 0.11, *changed[0].Change, 0.03, "%s, %s", nameA, nameB)
		}
	}
	for _, same := range []map[string]*results.Results{base, slowed} {
		runs := slices.Collect(maps.Values(same))
		_, changed := compared(t, runs[0], runs[1])
		assert.Empty(t, changed)
	}
}

// The marks leave out what other programs may have made.
func TestStoredRunsOfABusyMachineAreNotJudged(t *testing.T) {
	runs := stored(t, "busy-")
	c, changed := compared(t, runs["busy-1"], runs["busy-2"])
	assert.Empty(t, changed)
	assert.Zero(t, c.Judged())
	assert.True(t, strings.HasPrefix(written(t, c, false), "a is DISTURBED: 8"))
}

// unknown returns the run without the hashes of its programs.
func unknown(r *results.Results) *results.Results {
	r = new(*r)
	servers := r.Servers
	r.Servers = nil
	for _, s := range servers {
		s = new(*s)
		s.Binary = ""
		r.Servers = append(r.Servers, s)
	}
	return r
}

// TestStore writes testdata anew.
func TestStore(t *testing.T) {
	if *store == "" {
		t.Skip("no --store")
	}
	names, err := filepath.Glob(filepath.Join(*store, "*", results.FileName))
	require.NoError(t, err)
	for _, name := range names {
		r, err := results.Read(t.Context(), name)
		require.NoError(t, err)
		strip(r)
		data, err := json.Marshal(r)
		require.NoError(t, err)
		var out bytes.Buffer
		zip, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
		require.NoError(t, err)
		_, err = zip.Write(data)
		require.NoError(t, err)
		require.NoError(t, zip.Close())
		require.NoError(t, os.WriteFile(filepath.Join("testdata", filepath.Base(filepath.Dir(name))+".json.gz"), out.Bytes(), 0o666))
	}
}

// strip removes what compare does not read, and the machine's paths.
func strip(r *results.Results) {
	r.Command, r.Experiments, r.Trials, r.StallCheck, r.NotMeasured, r.Plan.Order = nil, nil, nil, nil, nil, nil
	for _, s := range r.Servers {
		s.Rules, s.CheckFlags = nil, nil
		for i, word := range s.Command {
			s.Command[i] = filepath.Base(word)
		}
	}
	for _, cells := range [][]results.Cell{r.Ceiling, r.Runs, r.Open, r.Again} {
		for i := range cells {
			l := &cells[i].Load
			l.Workload, l.Series = load.Workload{Rate: l.Workload.Rate}, nil
			for _, times := range []*load.Times{&l.Response, &l.Service, &l.SendLag} {
				times.Histogram = ""
			}
		}
	}
	for i := range r.OpenSummary {
		r.OpenSummary[i].Response.Histogram, r.OpenSummary[i].Service.Histogram = "", ""
	}
}
