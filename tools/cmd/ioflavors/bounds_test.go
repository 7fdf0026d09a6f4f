package main

import (
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/common/conformance"
	"github.com/ioflavors/ioflavors/tools/internal/stdout"
)

// eachFlag calls f for every flag of every command, hidden ones too.
func eachFlag(t *testing.T, f func(command string, flag *kong.Flag)) {
	t.Helper()
	parser, _ := newParser(new(cli), stdout.New(nil))
	var walk func(*kong.Node)
	walk = func(n *kong.Node) {
		for _, flag := range n.Flags {
			f(n.Name, flag)
		}
		for _, argument := range n.Positional {
			_, number := numbersIn(argument.Target)
			assert.False(t, number, "%s %s: checkRanges looks at flags only", n.Name, argument.Name)
		}
		for _, child := range n.Children {
			walk(child)
		}
	}
	walk(parser.Model.Node)
}

// Every numeric flag must have a range.
func TestEveryNumberHasARange(t *testing.T) {
	seen := 0
	eachFlag(t, func(command string, flag *kong.Flag) {
		name := command + " --" + flag.Name
		kind := flag.Target.Type()
		for kind.Kind() == reflect.Slice || kind.Kind() == reflect.Pointer {
			kind = kind.Elem()
		}
		_, known := numbersIn(flag.Target)
		if !known {
			assert.Contains(t, []reflect.Kind{reflect.String, reflect.Bool}, kind.Kind(), "%s has a type that may hold numbers: it wants a method numbers", name)
			return
		}
		seen++
		assert.NotEmpty(t, flag.Tag.Get("range"), name)
		r, err := rangeOf(flag.Value)
		require.NoError(t, err, name)
		if r != nil {
			assert.LessOrEqual(t, r.least, r.most, name)
			assert.False(t, math.IsInf(r.most, 0), name)
			assert.Contains(t, helpWithRange(flag.Value), r.text, "the help says it")
		}
	})
	assert.Greater(t, seen, 30)
}

// arguments are the arguments that each command needs besides flags.
var arguments = map[string][]string{
	"lab": nil, "advise": nil, "report": {"none.json"}, "compare": {"none.json", "none.json"}, "load": {"127.0.0.1:1"}, "check": {"127.0.0.1:1"},
	"get": {"k", "--addr", "127.0.0.1:1"}, "put": {"k", "v", "--addr", "127.0.0.1:1"}, "null-server": nil,
}

// A number outside its range gives exit code 2 and one line that names the flag
// and its range, before anything is done.
func TestNumbersOutOfRange(t *testing.T) {
	t.Chdir(t.TempDir())
	eachFlag(t, func(command string, flag *kong.Flag) {
		r, err := rangeOf(flag.Value)
		require.NoError(t, err)
		if r == nil {
			return
		}
		for _, value := range outside(flag, r) {
			args := append(append([]string{command}, arguments[command]...), fmt.Sprintf("--%s=%s", flag.Name, value))
			code, stdout, stderr := ioflavors(t, args...)
			assert.Equal(t, 2, code, "%v", args)
			assert.Empty(t, stdout, "%v", args)
			assert.Contains(t, stderr, "--"+flag.Name, "%v", args)
			assert.Equal(t, 1, strings.Count(stderr, "\n"), "one line: %s", stderr)
		}
	})
	assert.NoDirExists(t, "lab-out")
}

// outside returns values just outside a range, and some far outside.
func outside(flag *kong.Flag, r *valueRange) []string {
	if flag.Target.Type() == reflect.TypeFor[time.Duration]() {
		return []string{(time.Duration(r.most) + 1).String(), (time.Duration(r.least) - 1).String(), "2562047h"}
	}
	number := func(n float64) string { return numberText(flag.Target, n) }
	far := []string{"9223372036854775807", "-9223372036854775808", "99999999999999999999"}
	switch flag.Target.Interface().(type) {
	case []shape:
		return []string{"1x" + number(r.most+1), number(r.most+1) + "x1", "1x0", "0x1", "1x9223372036854775807"}
	case float64:
		return append(far, number(math.Nextafter(r.most, math.Inf(1))), number(math.Nextafter(r.least, math.Inf(-1))), "NaN", "Inf")
	case sizes, portion:
		return []string{number(r.most + 1), "9223372036854775807"}
	case byteSize:
		return append(far, number(r.most+1), "2097151MiB")
	default:
		return append(far, number(r.most+1), number(r.least-1))
	}
}

func TestTheLeastFrameIsTheRules(t *testing.T) {
	eachFlag(t, func(command string, flag *kong.Flag) {
		if command == "check" && flag.Name == "max-frame" {
			r, err := rangeOf(flag.Value)
			require.NoError(t, err)
			assert.EqualValues(t, conformance.LeastMaxFrame, r.least)
		}
	})
}

// Numbers that are valid alone, but together need more memory than there is, are
// refused, too.
func TestTooMuchMemoryTogether(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, args := range [][]string{
		{"load", "127.0.0.1:1", "--keys", "10000000", "--value", "1000-16000000"},
		{"load", "127.0.0.1:1", "-c", "65536", "--depth", "65536"},
		{"load", "127.0.0.1:1", "-c", "1000", "--depth", "1000", "--value", "10000"},
		{"lab", "--keys", "10000000", "--value", "0-16777216"},
		{"lab", "--keys", "10000000", "--value", "10000"},
		{"lab", "--shape", "65536x65536"},
		{"null-server", "--keys", "10000000", "--value", "0-16777216"},
	} {
		code, _, stderr := ioflavors(t, args...)
		assert.Equal(t, 2, code, "%v", args)
		assert.Equal(t, 1, strings.Count(stderr, "\n"), "one line: %s", stderr)
	}
}
