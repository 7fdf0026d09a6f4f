package report

import (
	"encoding/xml"
	"errors"
	"io"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/tools/internal/report/reporttest"
	"github.com/ioflavors/ioflavors/tools/internal/results"
	"github.com/ioflavors/ioflavors/tools/internal/source"
)

// pictureFiles are the files of the sample's pictures.
var pictureFiles = []string{
	"cost-1.svg", "cost-2.svg", "time.svg", "syscalls-1.svg", "syscalls-2.svg",
	"rate.svg", "rate-wide.svg", "open-spectrum.svg", "open-spectrum-wide.svg", "spectrum-1.svg", "spectrum-2.svg", "stop.svg", "capacity.svg",
	"idle-cpu.svg", "idle-memory.svg", "idle-memory-wide.svg", "trend-e6.svg", "trend-e6-wide.svg",
	"strip-e2.svg", "strip-e6.svg", "strip-e8.svg", "marks.svg", "stall-e2.svg", "findings-e2.svg", "findings-e6.svg",
	"trend-e8.svg", "trend-e8-wide.svg", "findings-e8.svg", "cases-e10.svg", "stall-e11.svg", "stall-e11-2.svg", "noise.svg",
}

func TestSameBytesAlsoFromTheFile(t *testing.T) {
	r := reporttest.Sample(t)
	r.Servers[0].DNF = "not UTF-8: \xff\xfe"
	first := written(t, r)
	assert.ElementsMatch(t, append([]string{FileName}, pictureFiles...), slices.Collect(maps.Keys(first)))
	assert.Equal(t, first, written(t, r))

	name, err := r.Write(t.TempDir())
	require.NoError(t, err)
	again, err := results.Read(t.Context(), name)
	require.NoError(t, err)
	assert.Equal(t, first, written(t, again))
}

// A page with peers explains what a peer is.
func TestPeersAreExplained(t *testing.T) {
	const what = "A <em>peer</em> is a server for comparison"
	r := reporttest.Sample(t)
	assert.NotContains(t, written(t, r)[FileName], what)
	r.Servers[0].Peer = true
	assert.Contains(t, written(t, r)[FileName], what)
}

var address = regexp.MustCompile(`(?i)(?:https?:)?//[^\s"'<>)]+|url\(|@import|<script|\bsrc=`)

func TestNothingIsFetched(t *testing.T) {
	allowed := map[string]bool{
		"http://www.w3.org/2000/svg":                                    true, // a name, not an address
		"https://tech-lessons.in/en/blog/many_flavors_of_networking_io": true, // a link
	}
	for name, text := range written(t, reporttest.Sample(t)) {
		for _, found := range address.FindAllString(text, -1) {
			assert.True(t, allowed[found], "%s: %s", name, found)
		}
	}
}

func TestPicturesAreXML(t *testing.T) {
	r := reporttest.Sample(t)
	reporttest.Rename(r, "quick", "a & b \x1b[31m\x00 "+evil)
	n := 0
	for name, text := range written(t, r) {
		if !strings.HasSuffix(name, ".svg") {
			continue
		}
		n++
		decoder := xml.NewDecoder(strings.NewReader(text))
		for {
			_, err := decoder.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			require.NoError(t, err, name)
		}
		assert.NotContains(t, text, "NaN", name)
		assert.NotContains(t, text, "Inf", name)
	}
	assert.Equal(t, len(pictureFiles), n)
}

func TestTextIsNotMarkup(t *testing.T) {
	r := reporttest.Sample(t)
	reporttest.Rename(r, "quick", evil)
	r.Servers[1].DNF = "it said " + evil
	r.Environment.CPU = evil
	r.NotMeasured = append(r.NotMeasured, evil)
	r.Open[5].Load.Void[0] = evil
	r.Idle[2].Short = evil
	r.Capacity[0].Tries[1].Fail = evil
	r.Syscalls[0].Calls[evil] = 5000
	r.Servers[2].Binary = evil
	r.Trials[0].Case, r.Trials[0].Note, r.Trials[0].Attacks[0].Kind = evil, evil, evil
	r.Trials[2].Figures = map[string]float64{evil: 1}
	r.Claims[0].When, r.Claims[0].Findings[0].Why, r.Claims[0].Verdict = evil, evil, evil
	r.Claims[1].Experiment = "../" + evil
	for name, text := range written(t, r) {
		assert.NotContains(t, strings.ToLower(text), "<script", name)
	}
	assert.Contains(t, written(t, r)[FileName], "it said &lt;script&gt;")
}

func TestNothingMeasured(t *testing.T) {
	r := reporttest.Sample(t)
	r = &results.Results{Schema: r.Schema, Plan: r.Plan, Servers: r.Servers}
	files := written(t, r)
	assert.Len(t, files, 1, "no empty pictures")
	assert.Contains(t, files[FileName], "interrupted")
	assert.Contains(t, files[FileName], "Nothing was measured")
	assert.NotContains(t, files[FileName], "<svg")
	assert.NotContains(t, files[FileName], `id="limits"`, "no table of figures that are not known")

	assert.Len(t, written(t, &results.Results{}), 1, "not even a plan")
}

func TestNoResources(t *testing.T) {
	r := reporttest.Sample(t)
	for i := range r.Runs {
		r.Runs[i].Resources = nil
	}
	for i := range r.Summary {
		r.Summary[i].Cost = nil
	}
	r.Idle, r.Environment.Steal, r.Environment.OS = nil, nil, "darwin"
	files := written(t, r)
	assert.NotContains(t, files, "cost-1.svg")
	assert.NotContains(t, files, "idle-cpu.svg")
	assert.Contains(t, files, "spectrum-1.svg", "there are latencies still")
	assert.Contains(t, files[FileName], "no server’s CPU time is known")
	assert.Contains(t, files[FileName], "on darwin the lab cannot tell")
}

func TestDidNotFinish(t *testing.T) {
	r := reporttest.Sample(t)
	r.Servers[0].DNF = "it ended: exit status 2"
	r.Servers = append(r.Servers, &results.Server{
		Target: results.Target{Name: "wrong"}, DNF: "fails 1 of 5 rules",
		Rules: &results.Conformance{Passed: 4, Total: 5, Failed: []results.Failure{{Rule: "order", Reason: "the second came first"}}},
	})
	page := written(t, r)[FileName]
	assert.Contains(t, page, "quick did not finish: it ended: exit status 2")
	assert.Contains(t, page, "wrong: rule order: the second came first")
	assert.Contains(t, page, "DNF: fails order")
}

func TestABrokenHistogramIsToldOf(t *testing.T) {
	r := reporttest.Sample(t)
	r.Runs[0].Load.Response.Histogram = "HISTnonsense"
	page := written(t, r)[FileName]
	assert.Contains(t, page, "quick: load: histogram")
}

// Package html/template escapes each text in a page, unless the text's type says that it
// is safe.
func TestNothingGoesIntoAPageUnescaped(t *testing.T) {
	plain, err := source.Uses("../..", "text/template")
	require.NoError(t, err)
	assert.Equal(t, []source.Use{{File: "internal/advise/setup.go", Name: "text/template"}}, plain, "that one writes a Go program")
	trusted, err := source.Uses("../..", "html/template", "CSS", "HTML", "HTMLAttr", "JS", "JSStr", "Srcset", "URL")
	require.NoError(t, err)
	for _, u := range trusted {
		assert.Contains(t, []string{"report.go template.CSS", "picture.go template.CSS"}, filepath.Base(u.File)+" "+u.Name, "files that are part of the program")
	}
}
