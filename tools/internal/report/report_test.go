package report

import (
	"encoding/xml"
	"errors"
	"io"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/tools/internal/lab"
)

func TestSameBytesAlsoFromTheFile(t *testing.T) {
	r := sample(t)
	r.Servers[0].DNF = "not UTF-8: \xff\xfe"
	first := written(t, r)
	assert.Len(t, first, 6, "the page, two pictures for each workload, one of idling")
	assert.Equal(t, first, written(t, r))

	name, err := r.Write(t.TempDir())
	require.NoError(t, err)
	again, err := lab.Read(name)
	require.NoError(t, err)
	assert.Equal(t, first, written(t, again))
}

var address = regexp.MustCompile(`(?i)(?:https?:)?//[^\s"'<>)]+|url\(|@import|<script|\bsrc=`)

func TestNothingIsFetched(t *testing.T) {
	allowed := map[string]bool{
		"http://www.w3.org/2000/svg":                                    true, // a name, not an address
		"https://tech-lessons.in/en/blog/many_flavors_of_networking_io": true, // a link
	}
	for name, text := range written(t, sample(t)) {
		for _, found := range address.FindAllString(text, -1) {
			assert.True(t, allowed[found], "%s: %s", name, found)
		}
	}
}

func TestPicturesAreXML(t *testing.T) {
	r := sample(t)
	rename(r, "quick", "a & b \x1b[31m\x00 "+evil)
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
	assert.Equal(t, 5, n)
}

func rename(r *lab.Results, from, to string) {
	for _, s := range r.Servers {
		if s.Name == from {
			s.Name = to
		}
	}
	for i := range r.Runs {
		if r.Runs[i].Server == from {
			r.Runs[i].Server = to
		}
	}
	for i := range r.Idle {
		if r.Idle[i].Server == from {
			r.Idle[i].Server = to
		}
	}
	for i := range r.Summary {
		if r.Summary[i].Server == from {
			r.Summary[i].Server = to
		}
	}
}

func TestTextIsNotMarkup(t *testing.T) {
	r := sample(t)
	rename(r, "quick", evil)
	r.Servers[1].DNF = "it said " + evil
	r.Environment.CPU = evil
	for name, text := range written(t, r) {
		assert.NotContains(t, strings.ToLower(text), "<script", name)
	}
	assert.Contains(t, written(t, r)[FileName], "it said &lt;script&gt;")
}

func TestNothingMeasured(t *testing.T) {
	r := sample(t)
	r.Runs, r.Idle, r.Summary, r.Complete = nil, nil, nil, false
	files := written(t, r)
	assert.Len(t, files, 1, "no empty pictures")
	assert.Contains(t, files[FileName], "interrupted")
	assert.Contains(t, files[FileName], "Nothing was measured")
	assert.NotContains(t, files[FileName], "<svg")

	assert.Len(t, written(t, &lab.Results{}), 1, "not even a plan")
}

func TestNoResources(t *testing.T) {
	r := sample(t)
	for i := range r.Runs {
		r.Runs[i].Resources = nil
	}
	for i := range r.Summary {
		r.Summary[i].Cost = nil
	}
	r.Idle, r.Environment.Steal, r.Environment.OS = nil, nil, "darwin"
	files := written(t, r)
	assert.Len(t, files, 3, "there are latencies still")
	assert.Contains(t, files[FileName], "no server’s CPU time is known")
	assert.Contains(t, files[FileName], "on darwin the lab cannot tell")
}

func TestDidNotFinish(t *testing.T) {
	r := sample(t)
	r.Servers[0].DNF = "it ended: exit status 2"
	r.Servers = append(r.Servers, &lab.Server{
		Subject: lab.Subject{Name: "wrong"}, DNF: "fails 1 of 5 rules",
		Rules: &lab.Gate{Passed: 4, Total: 5, Failed: []lab.Failure{{Rule: "order", Reason: "the second came first"}}},
	})
	page := written(t, r)[FileName]
	assert.Contains(t, page, "quick did not finish: it ended: exit status 2")
	assert.Contains(t, page, "wrong: rule order: the second came first")
	assert.Contains(t, page, "DNF: fails order")
}

func TestABrokenHistogramIsToldOf(t *testing.T) {
	r := sample(t)
	r.Runs[0].Load.Response.Histogram = "HISTnonsense"
	page := written(t, r)[FileName]
	assert.Contains(t, page, "quick: load: histogram")
}
