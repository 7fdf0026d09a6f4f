package advise

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/ioflavors/ioflavors/tools/internal/format"
	"github.com/ioflavors/ioflavors/tools/internal/models"
	"github.com/ioflavors/ioflavors/tools/internal/results"
)

// complexity returns a model's place in the order from simple to complex. A server
// that declares nothing comes last.
func complexity(name string) int {
	return cmp.Or(declared(name).Complexity, math.MaxInt)
}

// declared returns what our model of that name declares.
func declared(name string) models.Variant { return models.VariantOf(results.Target{Name: name}) }

// parallel returns how many handlers a model runs at a time, at most.
func parallel(name string) int { return cmp.Or(declared(name).Handlers, math.MaxInt) }

// serves returns how many clients a server serves at a time, at most.
func serves(s results.Target) int { return cmp.Or(models.VariantOf(s).Clients, math.MaxInt) }

// simplest returns the name of the simplest variant for which is returns true.
func simplest(is func(models.Variant) bool) string {
	all := slices.DeleteFunc(models.Variants(), func(v models.Variant) bool { return !is(v) })
	return slices.MinFunc(all, func(a, b models.Variant) int { return cmp.Compare(a.Complexity, b.Complexity) }).Name()
}

// foreseen returns why arithmetic says that a model cannot do what the profile asks;
// "": it may. The model is measured once in any case.
func foreseen(p Profile, s results.Target) string {
	at := parallel(s.Name)
	switch n := serves(s); {
	case n < p.Connections && n == 1:
		return "serves one client at a time; the others wait until it leaves"
	case n < p.Connections:
		return fmt.Sprintf("serves %d clients at a time, silent ones too; the others wait until one leaves", n)
	case p.handling() > float64(at) && at == 1:
		return fmt.Sprintf("handles one request at a time: %s/s at most", format.Thousands(1/p.Handler.Seconds()))
	case p.handling() > float64(at):
		return fmt.Sprintf("handles %d requests at a time: %s/s at most", at, format.Thousands(float64(at)/p.Handler.Seconds()))
	}
	return ""
}
