package printable

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestPrintable(t *testing.T) {
	for _, c := range []struct{ text, line, styled string }{
		{"", "", ""},
		{"plain, 12.5 µs · ≥ “quoted” 例 é", "plain, 12.5 µs · ≥ “quoted” 例 é", "plain, 12.5 µs · ≥ “quoted” 例 é"},
		{"two\nlines\tof it", `two\u000alines\u0009of it`, "two\nlines\tof it"},
		{"back\rhere", `back\u000dhere`, `back\u000dhere`},
		{"\x1b[2Jcleared", `\u001b[2Jcleared`, `\u001b[2Jcleared`},
		{"\x1b]0;title\x07", `\u001b]0;title\u0007`, `\u001b]0;title\u0007`},
		{"\x1b[8mhidden\x1b[0m", `\u001b[8mhidden\u001b[0m`, `\u001b[8mhidden` + Reset},
		{Strong + "bold" + Reset, `\u001b[1mbold\u001b[0m`, Strong + "bold" + Reset},
		{"C1: \u009b31m", `C1: \u009b31m`, `C1: \u009b31m`},
		{"the same as a byte: \x9b31m", `the same as a byte: \x9b31m`, `the same as a byte: \x9b31m`},
		{"DEL \x7f", `DEL \u007f`, `DEL \u007f`},
		{"bidi \u202egnp.exe\u202c \u2066x\u2069", `bidi \u202egnp.exe\u202c \u2066x\u2069`, `bidi \u202egnp.exe\u202c \u2066x\u2069`},
		{"no width \u200b\ufeff", `no width \u200b\ufeff`, `no width \u200b\ufeff`},
		{"a line's end \u2028", `a line's end \u2028`, `a line's end \u2028`},
		{"a tag \U000e0041", `a tag \udb40\udc41`, `a tag \udb40\udc41`},
		{"cut \xe2\x82", `cut \xe2\x82`, `cut \xe2\x82`},
	} {
		assert.Equal(t, c.line, Line(c.text), "%q", c.text)
		assert.Equal(t, c.styled, Styled(c.text), "%q", c.text)
		assert.Equal(t, strings.NewReplacer(Strong, `\u001b[1m`, Reset, `\u001b[0m`).Replace(c.styled), Text(c.text), "%q", c.text)
	}
}

// Escaped JSON means the same.
func TestJSONStaysJSON(t *testing.T) {
	said := "\x1b[2J \u009b \x7f \u202e \U000e0041 \n é"
	text, err := json.Marshal(said)
	require.NoError(t, err)
	var again string
	require.NoError(t, json.Unmarshal([]byte(Styled(string(text))), &again))
	assert.Equal(t, said, again)
}

func FuzzPrintable(f *testing.F) {
	f.Add("\x1b[1m\x9b\u202e\n")
	f.Fuzz(func(t *testing.T, text string) {
		for name, shown := range map[string]string{"text": Text(text), "line": Line(text), "styled": Styled(text)} {
			if name == "styled" {
				shown = strings.NewReplacer(Strong, "", Faint, "", Alarm, "", Reset, "").Replace(shown)
			}
			for _, r := range shown {
				if !unicode.IsGraphic(r) && (name == "line" || r != '\n' && r != '\t') {
					t.Fatalf("%s: %q is in %q", name, r, shown)
				}
			}
			if !utf8.ValidString(shown) {
				t.Fatalf("%s: %q", name, shown)
			}
		}
		if Text(Text(text)) != Text(text) {
			t.Fatalf("it is escaped twice: %q", text)
		}
	})
}
