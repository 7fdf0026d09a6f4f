package lab

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/ioflavors/ioflavors/tools/internal/load"
)

// Schema is the version of Results: it changes when a field changes its
// meaning or goes.
const Schema = 2

// FileName is the name of the file that Results are written to.
const FileName = "results.json"

// Results is everything that a run of the lab has found out.
type Results struct {
	Schema   int       `json:"schema"`
	Started  time.Time `json:"started"`
	Finished time.Time `json:"finished"`
	// Complete: nobody ended the run before its time.
	Complete    bool          `json:"complete"`
	Environment Environment   `json:"environment"`
	Plan        Plan          `json:"plan"`
	Servers     []*Server     `json:"servers"`
	Runs        []Cell        `json:"runs"`
	Open        []Cell        `json:"open"` // of the open loop; Workload is of the plan's open ones
	Memory      []MemoryCell  `json:"memory"`
	Idle        []IdleCell    `json:"idle"`
	Summary     []Summary     `json:"summary"`
	OpenSummary []OpenSummary `json:"open_summary"`
}

// Server is a subject, and what became of it.
type Server struct {
	Subject
	Rules *Gate `json:"rules,omitempty"`
	// DNF (did not finish) is why it was not measured, or no further.
	DNF string `json:"dnf,omitempty"`
}

// Cell is one server under one workload in one round.
type Cell struct {
	Server   string      `json:"server"`
	Round    int         `json:"round"`    // counted from 1
	Workload int         `json:"workload"` // of the plan's, counted from 0
	Load     load.Result `json:"load"`
	// Resources is nil where the system does not tell.
	Resources *Resources `json:"resources,omitempty"`
}

// IdleCell is a server that had nothing to do, in one round.
type IdleCell struct {
	Server      string        `json:"server"`
	Round       int           `json:"round"`
	Connections int           `json:"connections"` // open
	Duration    time.Duration `json:"duration_ns"`
	Resources   *Resources    `json:"resources,omitempty"`
}

// Write writes the results to a file in dir, which is made if need be, and
// returns the file's name. A file that is there is replaced at once or not at
// all.
func (r *Results) Write(dir string) (string, error) {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return "", fmt.Errorf("results: %w", err)
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return "", err
	}
	name := filepath.Join(dir, FileName)
	if err := os.WriteFile(name+".tmp", append(text, '\n'), 0o666); err != nil {
		return "", err
	}
	return name, os.Rename(name+".tmp", name)
}

// Read reads the results from a file that Write has written.
func Read(name string) (*Results, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	// The version first: with another one, the rest may have other types.
	var version struct {
		Schema *int `json:"schema"`
	}
	if err := json.Unmarshal(text, &version); err != nil {
		return nil, fmt.Errorf("%s: not the results of a lab run: %w", name, err)
	}
	if version.Schema == nil {
		return nil, fmt.Errorf("%s: not the results of a lab run: no schema version", name)
	}
	if *version.Schema != Schema {
		return nil, fmt.Errorf("%s: schema version %d, but this program reads %d only", name, *version.Schema, Schema)
	}
	r := new(Results)
	if err := json.Unmarshal(text, r); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if err := r.consistent(name); err != nil {
		return nil, err
	}
	return r, nil
}

// consistent returns an error if something refers to what is not there.
func (r *Results) consistent(name string) error {
	known := func(server string, workload int) error {
		if r.server(server) == nil || workload < 0 || workload >= len(r.Plan.Workloads) {
			return fmt.Errorf("%s: figures of %q under workload %d, which are not in the plan", name, server, workload)
		}
		return nil
	}
	var errs []error
	for _, s := range r.Servers {
		if s == nil {
			return fmt.Errorf("%s: a server is null", name)
		}
	}
	for _, c := range r.Runs {
		errs = append(errs, known(c.Server, c.Workload))
	}
	for _, s := range r.Summary {
		errs = append(errs, known(s.Server, s.Workload))
	}
	return errors.Join(errs...)
}

// server returns the server of that name.
func (r *Results) server(name string) *Server {
	for _, s := range r.Servers {
		if s.Name == name {
			return s
		}
	}
	return nil
}

// Failed names the servers that were not measured to the end, or that made
// errors under load.
func (r *Results) Failed() []string {
	var failed []string
	for _, s := range r.Servers {
		bad := s.DNF != ""
		for _, sum := range r.Summary {
			bad = bad || sum.Server == s.Name && sum.Errors > 0
		}
		for _, sum := range r.OpenSummary {
			bad = bad || sum.Server == s.Name && sum.Errors > 0
		}
		if bad {
			failed = append(failed, s.Name)
		}
	}
	return failed
}
