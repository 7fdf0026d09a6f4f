package exchanges_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/common/exchanges"
)

func parse(text string) ([]exchanges.Exchange, error) {
	return exchanges.Parse("talk.txt", strings.NewReader(text))
}

func TestParse(t *testing.T) {
	exchange := func(request, reply string, line int) exchanges.Exchange {
		return exchanges.Exchange{Request: []byte(request), Reply: []byte(reply), Line: line}
	}
	setup := func(e exchanges.Exchange) exchanges.Exchange {
		e.Setup = true
		return e
	}
	for name, test := range map[string]struct {
		text string
		want []exchanges.Exchange
	}{
		"one":                      {"> \"a\"\n< \"b\"\n", []exchanges.Exchange{exchange("a", "b", 1)}},
		"no end of the last line":  {"> \"a\"\n< \"b\"", []exchanges.Exchange{exchange("a", "b", 1)}},
		"two":                      {"> \"a\"\n< \"b\"\n> \"c\"\n< \"d\"\n", []exchanges.Exchange{exchange("a", "b", 1), exchange("c", "d", 3)}},
		"lines join":               {"> \"a\"\n\n# and\n> \"b\"\n< \"c\"\n< \"d\"\n", []exchanges.Exchange{exchange("ab", "cd", 1)}},
		"comments and blank lines": {"# talk\n\n  \t\n> \"a#\" # one\n< `#`# two\n#", []exchanges.Exchange{exchange("a#", "#", 4)}},
		"blanks":                   {"\t> \t\"a\"\t \n   <   \"b\"  \n", []exchanges.Exchange{exchange("a", "b", 1)}},
		"none":                     {">\"a\"\n<\"b\"\n", []exchanges.Exchange{exchange("a", "b", 1)}},
		"escapes":                  {`> "\x00\xff\r\n\t\"\\\377é\u00e9\U0001F642"` + "\n" + `< "'"`, []exchanges.Exchange{exchange("\x00\xff\r\n\t\"\\\xfféé🙂", "'", 1)}},
		"raw":                      {"> `{\"a\": \"\\n\"}`\n< `🙂`", []exchanges.Exchange{exchange(`{"a": "\n"}`, "🙂", 1)}},
		"CRLF":                     {"# x\r\n> \"a\"\r\n\r\n< `b`\r\n", []exchanges.Exchange{exchange("a", "b", 2)}},
		"byte order mark":          {"\uFEFF> \"a\"\n< \"b\"\n", []exchanges.Exchange{exchange("a", "b", 1)}},
		"set up": {"> \"login\"\n< \"yes\"\n repeat: # now\n> \"a\"\n< \"b\"\n> \"c\"\n< \"d\"\n", []exchanges.Exchange{
			setup(exchange("login", "yes", 1)), exchange("a", "b", 4), exchange("c", "d", 6),
		}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := parse(test.text)
			require.NoError(t, err)
			assert.Equal(t, test.want, got)
			require.NoError(t, exchanges.Validate(got))
		})
	}
}

func TestSyntaxErrors(t *testing.T) {
	for name, test := range map[string]struct{ text, want string }{
		"empty":                     {"", "1:1: the file has no exchange: write > and a request, and below it < and its reply"},
		"only comments":             {"# a\n\n# b\n", "1:1: the file has no exchange: write > and a request, and below it < and its reply"},
		"UTF-16":                    {"\xff\xfe>\x00", "1:1: the file is UTF-16: save it as UTF-8"},
		"reply first":               {"# a\n  < \"b\"", "2:3: a reply before its request"},
		"no reply":                  {"> \"a\"\n< \"b\"\n\n> \"c\"\n", "4:1: the request has no reply"},
		"empty request":             {"> \"\"\n< \"b\"", "1:3: an empty request"},
		"empty reply":               {"> \"a\"\n< \"\"", "2:3: an empty reply: if the server does not answer a request, join it to the next request that it answers"},
		"other text":                {"> \"a\"\n\tGET / HTTP/1.1\r\n", "2:2: expected > and a request, < and a reply, # and a comment, or repeat:; got \"GET / HTTP/1.1\""},
		"no string":                 {">\n", `1:2: expected a string in Go's form, "…" or ` + "`…`; got the end of the line"},
		"no quotes":                 {"> PING\n", `1:3: expected a string in Go's form, "…" or ` + "`…`; got \"PING\""},
		"single quotes":             {"> 'a'\n", `1:3: expected a string in Go's form, "…" or ` + "`…`; got \"'a'\""},
		"a long line":               {"> a234567890123456789012345\n", `1:3: expected a string in Go's form, "…" or ` + "`…`; got \"a2345678901234567890\"…"},
		"unterminated":              {"> \"abc\n", "1:3: the string has no \" at its end"},
		"escaped quote at the end":  {"> \"abc\\\"\n", "1:3: the string has no \" at its end"},
		"backslash at the end":      {"> \"abc\\\n", "1:3: the string has no \" at its end"},
		"raw over lines":            {"> `abc\nd`\n", "1:3: the string has no ` at its end: write a string for each line"},
		"unknown escape":            {"> \"ab\\q\"\n", `1:6: this escape is none of Go's: "\\q\""`},
		"short escape":              {"\t>\t\"ab\\x1\"\n", `1:7: this escape is none of Go's: "\\x1\""`},
		"surrogate":                 {`> "\ud800"`, `1:4: this escape is none of Go's: "\\ud800\""`},
		"no UTF-8":                  {"> \"ab\xe9\"\n", `1:6: this byte is no UTF-8: write it as "\xe9"`},
		"no UTF-8, raw":             {"> `ab\xe9`\n", `1:6: this byte is no UTF-8: write it as "\xe9"`},
		"text behind":               {"> \"a\" \"b\"\n", `1:7: expected the end of the line behind the string; got "\"b\""`},
		"columns are bytes":         {"> \"é\" x\n", `1:8: expected the end of the line behind the string; got "x"`},
		"two repeats":               {"> \"a\"\n< \"b\"\nrepeat:\n> \"a\"\n< \"b\"\nrepeat:\n", "6:1: a second repeat:; the first is on line 3"},
		"repeat, first":             {"repeat:\n> \"a\"\n< \"b\"\n", "1:1: no exchange before repeat:, which ends the exchanges that take place once on each connection"},
		"repeat, last":              {"> \"a\"\n< \"b\"\nrepeat:\n", "3:1: no exchange behind repeat:"},
		"repeat before the reply":   {"> \"a\"\nrepeat:\n< \"b\"\n", "2:1: the request of line 1 has no reply"},
		"reply behind repeat":       {"> \"a\"\n< \"b\"\nrepeat:\n< \"b\"\n", "4:1: a reply before its request"},
		"text behind repeat":        {"> \"a\"\n< \"b\"\nrepeat: 3\n", `3:9: expected the end of the line behind repeat:; got "3"`},
		"lines that end in CR only": {"> \"a\"\r< \"b\"\r", `1:6: expected the end of the line behind the string; got "\r< \"b\""`},
		"too many":                  {strings.Repeat("> \"a\"\n< \"b\"\n", exchanges.MaxExchanges+1), "200001:1: more than 100000 exchanges"},
		"too long":                  {strings.Repeat("#\n", exchanges.MaxFile/2) + "#", "8388609:1: the file is longer than 16 MiB"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := parse(test.text)
			var wrong *exchanges.SyntaxError
			require.ErrorAs(t, err, &wrong)
			assert.Equal(t, "talk.txt:"+test.want, err.Error())
		})
	}
}

// A file of the longest size, and one with the most exchanges, is read.
func TestTheLimitsAreThemselvesAllowed(t *testing.T) {
	got, err := parse("> \"a\"\n< \"b\"\n" + strings.Repeat("#", exchanges.MaxFile-12))
	require.NoError(t, err)
	assert.Len(t, got, 1)

	got, err = parse(strings.Repeat("> \"a\"\n< \"b\"\n", exchanges.MaxExchanges))
	require.NoError(t, err)
	assert.Len(t, got, exchanges.MaxExchanges)
}

func TestAReaderFails(t *testing.T) {
	broken := errors.New("broken")
	_, err := exchanges.Parse("talk.txt", iotest.ErrReader(broken))
	assert.ErrorIs(t, err, broken)
}

func TestLoad(t *testing.T) {
	name := filepath.Join(t.TempDir(), "talk.txt")
	_, err := exchanges.Load(name)
	require.ErrorIs(t, err, os.ErrNotExist)
	require.ErrorContains(t, err, name)

	require.NoError(t, os.WriteFile(name, []byte("> \"a\"\n< b"), 0o600))
	_, err = exchanges.Load(name)
	require.ErrorContains(t, err, name+":2:3: ")

	require.NoError(t, os.WriteFile(name, []byte("> \"a\"\n< \"b\""), 0o600))
	got, err := exchanges.Load(name)
	require.NoError(t, err)
	assert.Len(t, got, 1)
}

func TestSplit(t *testing.T) {
	all, err := parse("> \"a\"\n< \"b\"\nrepeat:\n> \"c\"\n< \"d\"\n")
	require.NoError(t, err)
	setup, repeated := exchanges.Split(all)
	assert.Equal(t, all[:1], setup)
	assert.Equal(t, all[1:], repeated)

	setup, repeated = exchanges.Split(all[1:])
	assert.Empty(t, setup)
	assert.Equal(t, all[1:], repeated)

	setup, repeated = exchanges.Split(all[:1])
	assert.Equal(t, all[:1], setup)
	assert.Empty(t, repeated)
}

func TestFormat(t *testing.T) {
	all := []exchanges.Exchange{
		{Request: []byte("login \xff\r\n"), Reply: []byte("+OK\r\n"), Setup: true},
		{Request: []byte("get a\r\n"), Reply: []byte("VALUE a 0 1\r\né\r\nEND\r\n")},
		{Request: []byte("x"), Reply: []byte("\uFFFD\u202E`")},
	}
	var out strings.Builder
	require.NoError(t, exchanges.Format(&out, all))
	assert.Equal(t, `> "login \xff\r\n"
< "+OK\r\n"

repeat:

> "get a\r\n"
< "VALUE a 0 1\r\n"
< "é\r\n"
< "END\r\n"

> "x"
< "`+"\uFFFD"+`\u202e`+"`"+`"
`, out.String())
	assert.Equal(t, all, reread(t, all))

	all[1].Reply = bytes.Repeat([]byte("é"), 10_000)
	assert.Equal(t, all, reread(t, all), "a line that is cut inside a character")
}

// reread formats and parses exchanges, and removes their lines.
func reread(t *testing.T, all []exchanges.Exchange) []exchanges.Exchange {
	var out bytes.Buffer
	require.NoError(t, exchanges.Format(&out, all))
	again, err := exchanges.Parse("again", &out)
	require.NoError(t, err)
	for i := range again {
		assert.Positive(t, again[i].Line)
		again[i].Line = 0
	}
	return again
}

func TestFormatRefuses(t *testing.T) {
	a, b := []byte("a"), []byte("b")
	for want, all := range map[string][]exchanges.Exchange{
		"no exchange to repeat":                                     {{Request: a, Reply: b, Setup: true}},
		"exchange 2 has no request":                                 {{Request: a, Reply: b}, {Reply: b}},
		"exchange 1 has no reply":                                   {{Request: a}},
		"exchange 2 sets up a connection, behind one that does not": {{Request: a, Reply: b}, {Request: a, Reply: b, Setup: true}},
		"100001 exchanges: the limit is 100000":                     make([]exchanges.Exchange, exchanges.MaxExchanges+1),
	} {
		var out bytes.Buffer
		require.EqualError(t, exchanges.Format(&out, all), want)
		assert.Zero(t, out.Len())
	}
}

// Any text is either exchanges that survive Format, or a *SyntaxError at a place of
// the text.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"> \"a\"\n< \"b\"\n", "\uFEFF# x\r\n> `a`\r\n> \"\\xff\\u00e9\"\r\n<\t\"b\" # c\r\nrepeat:\n> \"a\"\n< \"b\"\n",
		"> \"a\\", "> `", "<", "repeat:", "> \"\\ud800\"", "> \"a\"\nrepeat:\n",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		all, err := parse(text)
		if err != nil {
			var wrong *exchanges.SyntaxError
			require.ErrorAs(t, err, &wrong)
			lines := strings.Split(strings.TrimPrefix(text, "\uFEFF"), "\n")
			require.LessOrEqual(t, wrong.Line, len(lines))
			require.LessOrEqual(t, wrong.Column, len(lines[wrong.Line-1])+1)
			require.NotContains(t, err.Error(), "\n")
			return
		}
		again := reread(t, all)
		for i := range all {
			all[i].Line = 0
		}
		require.Equal(t, all, again)
	})
}
