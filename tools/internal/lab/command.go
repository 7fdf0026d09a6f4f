package lab

import "github.com/ioflavors/ioflavors/tools/internal/self"

// CommandLine is a command of the results, as a line for a shell.
func CommandLine(command []string) string { return self.Line(command) }
