package experiments

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/tools/internal/models"
	"github.com/ioflavors/ioflavors/tools/internal/results"
)

// verb matches a text that fmt would replace, and badVerb the text that fmt
// leaves if it cannot. A percent sign that is no verb has a space before it
// here.
var (
	verb    = regexp.MustCompile(`%[-+# 0]*[\d.*]*[a-zA-Z]|\S%`)
	badVerb = regexp.MustCompile(`%!`)
)

// texts returns the texts of an experiment's statement.
func (e *Experiment) texts() map[string]string {
	all := map[string]string{"title": e.Title, "question": e.Question, "metric": e.Metric, "unit": e.Unit, "rule": e.Rule}
	for _, q := range e.Quotes {
		all["quote "+q] = q
	}
	return all
}

// percentSign is how these texts write a share: with a space on both sides.
var percentSign = strings.NewReplacer("% of", "percent of", " % ", " percent ", " %;", " percent;", " %,", " percent,", " %.", " percent.")

func TestNoTextOfAnExperimentHasAVerb(t *testing.T) {
	for _, e := range All() {
		for what, text := range e.texts() {
			text = percentSign.Replace(text + " ")
			assert.NotRegexp(t, verb, text, "%s: %s", e.ID, what)
			assert.NotRegexp(t, badVerb, text, "%s: %s", e.ID, what)
		}
	}
}

// docs/claims.md quotes, asks and decides as the experiments do, word by word.
func TestTheClaimsPageSaysWhatTheExperimentsSay(t *testing.T) {
	content, err := os.ReadFile("../../../docs/claims.md")
	require.NoError(t, err)
	for i, section := range strings.Split(string(content), "\n## E")[1:] {
		require.Less(t, i, len(experiments), "a section of an experiment that there is not")
		e := experiments[i]
		id, section, _ := strings.Cut(section, "\n")
		require.Equal(t, e.ID, "E"+id)
		section = plainText(section)
		text, _, _ := strings.Cut(section, "| server |")
		assert.NotRegexp(t, verb, percentSign.Replace(text), e.ID)
		wanted := []string{"**" + asSentence(e.Title) + ".**", "*" + e.Question + "*", asSentence(e.Rule), "The number is " + e.Metric}
		for _, want := range append(wanted, inQuotes(e.Quotes)...) {
			assert.Contains(t, strings.ToLower(section), strings.ToLower(plainText(want)), "%s: the page says something else", e.ID)
		}
	}
	assert.Equal(t, len(experiments), strings.Count(string(content), "\n## E"))
}

// plainText is in one line, without marks of code and without stops at the end.
func plainText(text string) string {
	text = strings.ReplaceAll(strings.Join(strings.Fields(text), " "), "`", "")
	return strings.TrimSuffix(text, ".")
}

func asSentence(text string) string { return strings.ToUpper(text[:1]) + text[1:] }

func inQuotes(quotes []string) (all []string) {
	for _, q := range quotes {
		all = append(all, `"`+strings.TrimSuffix(q, "."))
	}
	return all
}

// A verdict that holds only for some servers names them all, and the table of
// findings says yes of no other one: a server with the prediction yes is always
// among the servers that the claim is about.
func TestAVerdictNamesEveryServerThatSaysYes(t *testing.T) {
	var names []string
	for _, s := range models.Models("program") {
		names = append(names, s.Name)
	}
	for _, e := range All() {
		split := len(e.About) > 1 && slices.ContainsFunc(e.About, func(name string) bool { return e.Predictions[name] == results.Refuted })
		if !split {
			continue // the verdict names no server
		}
		for _, name := range names {
			if e.predicted(&results.Server{Target: results.Target{Name: name}}) == results.Confirmed {
				assert.Contains(t, e.About, name, "%s: it is expected to say yes, and the verdict would not name it", e.ID)
			}
		}
	}
}
