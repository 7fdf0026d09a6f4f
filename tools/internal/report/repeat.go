package report

import (
	"fmt"
	"slices"

	"github.com/ioflavors/ioflavors/tools/internal/load"
	"github.com/ioflavors/ioflavors/tools/internal/report/claims"
	"github.com/ioflavors/ioflavors/tools/internal/results"
	"github.com/ioflavors/ioflavors/tools/internal/self"
)

// program returns how the lab's user started the program: the command up to its first
// argument.
func program(r *results.Results) []string {
	if n := slices.Index(r.Command, "lab"); n > 0 {
		return slices.Clone(r.Command[:n])
	}
	return self.Command()
}

// repeatOnly returns the results' command for one experiment.
func repeatOnly(r *results.Results, id string) []string {
	command := append(program(r), "lab", "--only", id)
	rest := r.Command[slices.Index(r.Command, "lab")+1:]
	if len(r.Command) < 2 {
		return append(command, "--seed", fmt.Sprint(r.Plan.Seed))
	}
	for i := 0; i < len(rest); i++ {
		switch word := rest[i]; {
		case word == "--claims", word == "--full", word == "--quick":
		case word == "--only" && i+1 < len(rest):
			i++
			if value := rest[i]; !isPartOrExperiment(value) {
				command = append(command, word, value) // a model
			}
		default:
			command = append(command, word)
		}
	}
	return command
}

// toMeasure returns the command that measures a part of the lab, or an experiment, of the
// servers that the run was about.
func toMeasure(r *results.Results, only string) []string {
	command := append(program(r), "lab", "--only", only)
	rest := r.Command[slices.Index(r.Command, "lab")+1:]
	for i, word := range rest {
		switch word {
		case "--peers":
			command = append(command, word)
		case "--models", "--server", "--exchanges", "--peers-from", "--protocol", "--at", "--only":
			if i+1 == len(rest) {
				continue
			}
			value := rest[i+1]
			if word == "--only" && isPartOrExperiment(value) || value == string(load.KV) {
				continue
			}
			command = append(command, word, value)
		}
	}
	return command
}

func isPartOrExperiment(name string) bool {
	return slices.Contains(results.Parts, results.Part(name)) || claims.IsNumber(name)
}
