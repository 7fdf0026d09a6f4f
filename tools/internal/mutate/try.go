package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ioflavors/ioflavors/tools/internal/folder"
)

// fate is the fate of a mutation.
type fate string

const (
	killed   fate = "killed"
	survived fate = "SURVIVED"
	invalid  fate = "invalid" // it does not compile, and does not count
)

// commandTimeout is the time limit of one command, compilation included. A command that
// hangs is killed, and counts as a test that noticed.
const commandTimeout = 3 * time.Minute

// result is the result of trying a mutation.
type result struct {
	fate fate
	took time.Duration
	err  error
}

// tryAll tries mutations, jobs at a time. The result of each can be received from its
// channel, until ctx ends. wait returns when no mutation is being tried any more.
func tryAll(ctx context.Context, all []mutation, jobs int) (results []chan result, wait func()) {
	results = make([]chan result, len(all))
	for i := range results {
		results[i] = make(chan result, 1)
	}
	var next atomic.Int64
	var workers sync.WaitGroup
	for range jobs {
		workers.Go(func() {
			for {
				i := next.Add(1) - 1
				if i >= int64(len(all)) {
					return
				}
				began := time.Now()
				fate, err := all[i].try(ctx)
				results[i] <- result{fate, time.Since(began), err}
				if err != nil {
					return
				}
			}
		})
	}
	return results, workers.Wait
}

var notCompiled = regexp.MustCompile(`\[(build|setup) failed\]`)

// try runs the target's tests on the mutated program, one command after the other,
// until one fails.
func (m mutation) try(ctx context.Context) (fate, error) {
	dir, err := os.MkdirTemp("", "mutate")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(dir)
	overlay, err := m.overlay(dir)
	if err != nil {
		return "", err
	}
	for _, tests := range m.target.tests {
		output, err := goTest(ctx, overlay, tests)
		switch {
		case ctx.Err() != nil:
			return "", ctx.Err()
		case err != nil && notCompiled.Match(output):
			return invalid, nil
		case err != nil:
			return killed, nil
		}
	}
	return survived, nil
}

// whole runs the target's tests on the unchanged program. If they fail, a failure
// would not show that a mutation was noticed.
// passed are the commands of targets before it, which need not run again.
func (t *target) whole(ctx context.Context, passed map[string]bool) error {
	for _, tests := range t.tests {
		command := strings.Join(tests, " ")
		if passed[command] {
			continue
		}
		if output, err := goTest(ctx, "", tests); err != nil {
			return fmt.Errorf("without a mutation: go test %s: %w\n%s", command, err, output)
		}
		passed[command] = true
	}
	return nil
}

// overlay writes the mutated file, and the overlay file that makes the compiler
// use it in place of the original.
func (m mutation) overlay(dir string) (name string, err error) {
	mutated := filepath.Join(dir, filepath.Base(m.path))
	if err := folder.WriteFile(mutated, m.apply()); err != nil {
		return "", err
	}
	original, err := filepath.Abs(m.path)
	if err != nil {
		return "", err
	}
	replace, err := json.Marshal(map[string]map[string]string{"Replace": {original: mutated}})
	if err != nil {
		return "", err
	}
	name = filepath.Join(dir, "overlay.json")
	return name, folder.WriteFile(name, replace)
}

// goTest runs one of a target's commands.
func goTest(ctx context.Context, overlay string, tests []string) (output []byte, err error) {
	ctx, cancel := context.WithTimeout(ctx, commandTimeout)
	defer cancel()
	args := []string{"test", "-overlay=" + overlay, "-vet=off", "-count=1", "-failfast", "-timeout", "90s"}
	cmd := exec.CommandContext(ctx, "go", append(args, tests...)...)
	cmd.Env = append(os.Environ(), "FAKEKERNEL_SEEDS=300")
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 10 * time.Second
	var b bytes.Buffer
	cmd.Stdout, cmd.Stderr = &b, &b
	err = cmd.Run()
	return b.Bytes(), err
}
