package servercmd

import (
	"errors"
	"flag"
	"fmt"
	"regexp"
	"strings"
)

// usageWriter collects the help text.
type usageWriter struct{ strings.Builder }

func (w *usageWriter) print(name, summary string, fs *flag.FlagSet) {
	w.Reset()
	fmt.Fprintf(w, "%s: %s\n\nusage: %s [flags]\n\n", name, summary, name)
	fs.VisitAll(func(f *flag.Flag) {
		arg, usage := flag.UnquoteUsage(f)
		if f.DefValue != "" && f.DefValue != "0" && f.DefValue != "false" {
			usage += fmt.Sprintf(" (default %s)", f.DefValue)
		}
		fmt.Fprintf(w, "  %s\n        %s\n", strings.TrimSpace("--"+f.Name+" "+arg), usage)
	})
}

// flagError returns an error of package flag with the flag as the help writes it: with
// two dashes.
func flagError(err error) error {
	if errors.Is(err, flag.ErrHelp) {
		return err
	}
	said := err.Error()
	if name, ok := strings.CutPrefix(said, "flag provided but not defined: -"); ok {
		return fmt.Errorf("no flag --%s", name)
	}
	if name, ok := strings.CutPrefix(said, "flag needs an argument: -"); ok {
		return fmt.Errorf("--%s needs a value", name)
	}
	return errors.New(flagInError.ReplaceAllString(said, "$1--$2: "))
}

// flagInError finds the flag's name behind its quoted value, which may have any text.
var flagInError = regexp.MustCompile(`^(invalid (?:boolean )?value "(?:[^"\\]|\\.)*" for (?:flag )?)-([^:]+): `)
