package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// A flag with a tag without:"NAME,NAME" makes no sense beside the flags with these
// names; a tag because:"REASON" says why. Kong's own xor does not do, because it takes
// a flag with a default for one that was given.

// checkBeside returns an error if the command line has two flags of which one makes no
// sense beside the other.
func checkBeside(k *kong.Context) error {
	var given []*kong.Flag
	for _, p := range k.Path {
		if p.Flag != nil {
			given = append(given, p.Flag)
		}
	}
	for _, f := range given {
		without := strings.Split(f.Tag.Get("without"), ",")
		for _, other := range given {
			if slices.Contains(without, other.Name) {
				return fmt.Errorf("--%s makes no sense beside --%s: %s", other.Name, f.Name, f.Tag.Get("because"))
			}
		}
	}
	return nil
}
