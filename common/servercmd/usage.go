package servercmd

import (
	"flag"
	"fmt"
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
		fmt.Fprintf(w, "  --%s %s\n        %s\n", f.Name, arg, usage)
	})
}
