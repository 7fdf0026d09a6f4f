package text

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/tools/internal/answer"
	"github.com/ioflavors/ioflavors/tools/internal/experiments"
	"github.com/ioflavors/ioflavors/tools/internal/labtest"
	"github.com/ioflavors/ioflavors/tools/internal/results"
)

var update = flag.Bool("update", false, "write the golden files anew")

// wholeRun has nearly everything that a report can show.
func wholeRun(t *testing.T) *results.Results {
	t.Helper()
	r := labtest.Sample(t)
	r.Experiments = experiments.Statements(r.Plan.Experiments)
	r.Claims = experiments.Judge(r)
	return r
}

func TestReport(t *testing.T) {
	foreign := wholeRun(t)
	foreign.Environment = results.Environment{OS: "darwin", Arch: "arm64", Cores: 1, Go: "go1.26.0"}
	foreign.Complete = false
	foreign.Servers = foreign.Servers[:2]
	foreign.Open, foreign.Capacity, foreign.Time = nil, nil, nil
	foreign.Idle, foreign.Syscalls, foreign.StallCheck, foreign.Again, foreign.Environment.Pauses = nil, nil, nil, nil, results.Pauses{}
	for i := range foreign.Runs {
		foreign.Runs[i].Resources = nil
	}
	require.NoError(t, foreign.Summarize())
	foreign.Claims = experiments.Judge(foreign)

	for name, of := range map[string]struct {
		results *results.Results
		width   int
	}{
		"report.txt":           {wholeRun(t), 120},
		"report-80.txt":        {wholeRun(t), 80},
		"report-elsewhere.txt": {foreign, 120},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			require.NoError(t, Report(of.results, &out, Style{}, of.width))
			golden := filepath.Join("testdata", name)
			if *update {
				require.NoError(t, os.WriteFile(golden, out.Bytes(), 0o666))
			}
			want, err := os.ReadFile(golden)
			require.NoError(t, err)
			assert.Equal(t, string(want), out.String(), "go test -run TestReport -update writes it anew")
		})
	}
}

// The answer fits a terminal of 80 × 24, with three lines for the files' names.
func TestAnswer(t *testing.T) {
	for name, width := range map[string]int{"answer.txt": 120, "answer-80.txt": 80} {
		out := Answer(answer.Of(wholeRun(t)), Style{}, width)
		assert.LessOrEqual(t, strings.Count(out, "\n"), AnswerLines, out)
		for line := range strings.Lines(out) {
			assert.LessOrEqual(t, utf8.RuneCountInString(strings.TrimSuffix(line, "\n")), width, line)
		}
		golden := filepath.Join("testdata", name)
		if *update {
			require.NoError(t, os.WriteFile(golden, []byte(out), 0o666))
		}
		want, err := os.ReadFile(golden)
		require.NoError(t, err)
		assert.Equal(t, string(want), out, "go test -run TestAnswer -update writes it anew")
	}
}

// No line is too wide, whatever the servers' names, and however wide the
// terminal.
func TestReportFitsTheWidth(t *testing.T) {
	r := wholeRun(t)
	r.Servers[0].Name = strings.Repeat("a server of one's own ", 6)
	for i := range r.Runs {
		if r.Runs[i].Server == "singleblocking" {
			r.Runs[i].Server = r.Servers[0].Name
		}
	}
	require.NoError(t, r.Summarize())
	for width := 80; width <= 250; width++ {
		var out bytes.Buffer
		require.NoError(t, Report(r, &out, Style{}, width))
		for line := range strings.Lines(out.String()) {
			require.LessOrEqual(t, utf8.RuneCountInString(strings.TrimSuffix(line, "\n")), width, line)
			require.Equal(t, strings.TrimRight(line, " \n")+"\n", line)
			require.NotContains(t, line, "\t", "a tab's width is unknown")
		}
	}
}

func TestReportInColour(t *testing.T) {
	var plain, colour bytes.Buffer
	r := wholeRun(t)
	require.NoError(t, Report(r, &plain, Style{}, 120))
	require.NoError(t, Report(r, &colour, ANSI, 120))
	assert.Contains(t, colour.String(), "\x1b[1m")
	bare := colour.String()
	for _, code := range []string{ANSI.Strong, ANSI.Faint, ANSI.Alarm, "\x1b[0m"} {
		bare = strings.ReplaceAll(bare, code, "")
	}
	assert.Equal(t, plain.String(), bare, "the same text")
}
