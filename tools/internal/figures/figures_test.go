package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// events are the output of two variants and of other tests. One of the
// variants fails a row, skips one and dies in the last.
const events = `
{"Action":"attr","Package":"github.com/ioflavors/ioflavors/busywait/cmd/kv-busywait","Test":"TestCommand/no_options/row_16:_replies,_unread","Key":"growth-MiB","Value":"1.49"}
{"Action":"pass","Package":"github.com/ioflavors/ioflavors/busywait/cmd/kv-busywait","Test":"TestCommand/no_options/row_16:_replies,_unread"}
{"Action":"attr","Package":"github.com/ioflavors/ioflavors/busywait/cmd/kv-busywait","Test":"TestCommand/no_options/row_2:_a_burst/in_the_end","Key":"wait-ms","Value":"0.1"}
{"Action":"attr","Package":"github.com/ioflavors/ioflavors/busywait/cmd/kv-busywait","Test":"TestCommand/no_options/row_2:_a_burst/in_the_end","Key":"wait-ms","Value":"0.2"}
{"Action":"pass","Package":"github.com/ioflavors/ioflavors/busywait/cmd/kv-busywait","Test":"TestCommand/no_options/row_2:_a_burst/in_the_end"}
{"Action":"pass","Package":"github.com/ioflavors/ioflavors/busywait/cmd/kv-busywait","Test":"TestCommand/no_options/row_2:_a_burst"}
{"Action":"pass","Package":"github.com/ioflavors/ioflavors/busywait/cmd/kv-busywait","Test":"TestCommand/no_options/row_2:_two"}
{"Action":"output","Package":"github.com/ioflavors/ioflavors/busywait/cmd/kv-busywait","Test":"TestCommand/--loops_2/row_2:_a_burst","Output":"this is why\n"}
{"Action":"fail","Package":"github.com/ioflavors/ioflavors/busywait/cmd/kv-busywait","Test":"TestCommand/--loops_2/row_2:_a_burst"}
{"Action":"skip","Package":"github.com/ioflavors/ioflavors/busywait/cmd/kv-busywait","Test":"TestCommand/--loops_2/row_16:_replies,_unread"}
{"Action":"fail","Package":"github.com/ioflavors/ioflavors/busywait/cmd/kv-busywait"}
{"Action":"attr","Package":"github.com/ioflavors/ioflavors/eventloop","Test":"TestServer/histories","Key":"operations","Value":"2000"}
{"Action":"attr","Package":"github.com/ioflavors/ioflavors/eventloop","Test":"TestServer/histories","Key":"unanswered","Value":"300"}
{"Action":"output","Package":"github.com/ioflavors/ioflavors/eventloop","Test":"TestServer/histories","Output":"nobody cares\n"}
{"Action":"pass","Package":"github.com/ioflavors/ioflavors/eventloop","Test":"TestServer/histories"}
{"Action":"pass","Package":"github.com/ioflavors/ioflavors/eventloop","Test":"TestServer/churn"}
{"Action":"skip","Package":"github.com/ioflavors/ioflavors/eventloop","Test":"TestLoss"}
{"Action":"pass","Package":"github.com/ioflavors/ioflavors/eventloop"}
{"Action":"output","Package":"github.com/ioflavors/ioflavors/netfault","Output":"skipped: no nft\n"}
no event
`

const tables = "" +
	"- B: `busywait`\n" +
	"- B-l2: `busywait --loops 2`\n" +
	"\n" +
	"| row | test, figure    | B        | B-l2    |\n" +
	"|-----|-----------------|----------|---------|\n" +
	"| 2   | a burst         | ok       | FAILED  |\n" +
	"|     | `wait-ms`       | 0.1, 0.2 |         |\n" +
	"| 2   | two             | ok       | NOT RUN |\n" +
	"| 16  | replies, unread | ok       | SKIPPED |\n" +
	"|     | `growth-MiB`    | 1.49     |         |\n" +
	"|     | rows passed     | 3 of 3   | 0 of 3  |\n" +
	"\n" +
	"| test                           | result  | figures                             |\n" +
	"|--------------------------------|---------|-------------------------------------|\n" +
	"| eventloop TestLoss             | SKIPPED |                                     |\n" +
	"| eventloop TestServer/histories | ok      | `operations` 2000, `unanswered` 300 |\n" +
	"| netfault                       | SKIPPED |                                     |\n"

func TestTables(t *testing.T) {
	var said bytes.Buffer
	r, err := read(strings.NewReader(events[1:]), &said)
	require.NoError(t, err)
	assert.Equal(t, tables, r.markdown())
	assert.Equal(t, "this is why\nnetfault: skipped: no nft\nno event\n", said.String())
	assert.Equal(t, []string{
		"kv-busywait TestCommand/--loops 2/row 2: a burst", "kv-busywait",
	}, r.failed)
}

func TestFiguresReplaceThoseOfAPage(t *testing.T) {
	file := filepath.Join(t.TempDir(), "page.md")
	page := "before\n" + beginMark + "old\n" + endMark + "after\n"
	require.NoError(t, os.WriteFile(file, []byte(page), 0o600))
	write := func(events string) (printed string, err error) {
		var stdout, stderr bytes.Buffer
		err = run(strings.NewReader(events), &stdout, &stderr, file)
		return stdout.String(), err
	}

	printed, err := write(events)
	assert.ErrorContains(t, err, "failed: kv-busywait")
	assert.Contains(t, printed, "a burst", "they are shown")
	assert.Equal(t, page, content(t, file), "and not written")

	for range 2 {
		printed, err = write(`{"Action":"attr","Package":"p","Test":"TestX","Key":"n","Value":"1"}`)
		require.NoError(t, err)
		assert.Equal(t, "before\n"+beginMark+printed+endMark+"after\n", content(t, file))
	}

	require.NoError(t, os.WriteFile(file, nil, 0o600))
	_, err = write("")
	assert.ErrorContains(t, err, "the marks")
}
