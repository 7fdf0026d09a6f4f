// Package results has the outcome of a lab run: the measurements, the medians over the
// rounds, and the experiments' findings. It reads and writes them as JSON.
package results

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/ioflavors/ioflavors/tools/internal/folder"
	"github.com/ioflavors/ioflavors/tools/internal/load"
)

// Schema is the version of Results. It changes when a field changes its meaning or goes.
const Schema = 5

// FileName is the name of the file of Results.
const FileName = "results.json"

// Results is the outcome of a lab run.
type Results struct {
	Schema   int       `json:"schema"`
	Started  time.Time `json:"started"`
	Finished time.Time `json:"finished"`
	// Complete: the run was not interrupted.
	Complete bool `json:"complete"`
	// Command repeats the run, word by word.
	Command     []string    `json:"command,omitempty"`
	Environment Environment `json:"environment"`
	Plan        Plan        `json:"plan"`
	Servers     []*Server   `json:"servers"`
	// Ceiling is the generator's ceiling under each of the plan's workloads: its rate
	// against a server that does next to nothing.
	Ceiling []Cell `json:"ceiling,omitempty"`
	// Runs and Open are the cells of the closed and of the open loop, including void
	// ones, in the order they were measured. In Open, Workload counts the plan's open
	// workloads.
	Runs []Cell `json:"runs,omitempty"`
	Open []Cell `json:"open,omitempty"`
	// Again are further cells of the closed loop: the plan's server for the A/A run,
	// measured as if it were another server.
	Again    []Cell        `json:"again,omitempty"`
	Idle     []IdleCell    `json:"idle,omitempty"`
	Syscalls []SyscallCell `json:"syscalls,omitempty"`
	Time     []TimeCell    `json:"time,omitempty"`
	Capacity []Capacity    `json:"capacity,omitempty"`
	// StallCheck is the lab's test of itself; nil if it was not made.
	StallCheck *StallCheck `json:"stall_check,omitempty"`
	// Experiments are the statements of the plan's experiments, Trials their runs, and
	// Claims their outcome.
	Experiments []Statement   `json:"experiments,omitempty"`
	Trials      []Trial       `json:"trials,omitempty"`
	Claims      []Claim       `json:"claims,omitempty"`
	Summary     []Summary     `json:"summary,omitempty"`
	OpenSummary []OpenSummary `json:"open_summary,omitempty"`
	Noise       []Noise       `json:"noise,omitempty"`
	// NotMeasured says what was not measured and why, a sentence each.
	NotMeasured []string `json:"not_measured,omitempty"`
}

// Server is a target with its state.
type Server struct {
	Target
	// Binary is the SHA-256 of the program's file, in hex. Empty if the file could not
	// be read.
	Binary string       `json:"binary_sha256,omitempty"`
	Rules  *Conformance `json:"rules,omitempty"`
	// DNF (did not finish) is why its measurement ended early, or did not begin.
	DNF string `json:"dnf,omitempty"`
	// Unavailable is why this system cannot run the server, as its command said. It is
	// not measured then, and nothing is wrong with it. Empty: the system can.
	Unavailable string `json:"unavailable,omitempty"`
}

// Cell is one server under one workload in one round.
type Cell struct {
	Server   string      `json:"server"`
	Round    int         `json:"round"`    // counted from 1
	Workload int         `json:"workload"` // of the plan's, counted from 0
	Load     load.Result `json:"load"`
	// Resources is what the server used; nil where the system does not tell.
	Resources *Resources `json:"resources,omitempty"`
	// Steal is the share of the machine's CPU time, 0 to 1, that its host gave to others
	// meanwhile; nil if it is not known.
	Steal *float64 `json:"steal,omitempty"`
	// Others is the share of a core, 0 to 1, that programs other than the lab and the
	// server used meanwhile: the larger share of the server's core and the load's, or of
	// all cores if these two are not pinned. nil if it is not known.
	Others *float64 `json:"others,omitempty"`
}

// Capacity is the highest rate of an open loop that a server kept within the plan's SLO:
// in every repeat p99 of the response time is at most the SLO, there are no errors, and
// at least 99 % of the due requests are answered.
type Capacity struct {
	Server string `json:"server"`
	// Rate is in requests per second; 0 if the server kept none.
	Rate float64 `json:"requests_per_second"`
	// LowerBound: the next higher rate could not be judged, so the capacity may be
	// higher.
	LowerBound bool  `json:"lower_bound"`
	Tries      []Try `json:"tries,omitempty"`
}

// Try is one step of the search for a capacity.
type Try struct {
	Rate float64 `json:"rate"`
	// Runs are the repeats, up to the first that failed.
	Runs []Cell `json:"runs,omitempty"`
	// Fail is why the rate was not kept within the SLO; empty if it was.
	Fail string `json:"fail,omitempty"`
}

// Noise is the difference between two measurements of the same server: the A/A run. A
// smaller difference between two servers means nothing.
type Noise struct {
	Server   string `json:"server"`
	Workload int    `json:"workload"` // of the plan's, counted from 0
	// CPU is the difference between the medians of CPU per request, as a share
	// of their mean.
	CPU float64 `json:"cpu"`
}

// Write writes the results to a file in dir, which it makes if need be, and returns the
// file's name. It replaces an older file at once or not at all.
func (r *Results) Write(dir string) (string, error) {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return "", fmt.Errorf("results: %w", err)
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return "", err
	}
	name := filepath.Join(dir, FileName)
	return name, folder.WriteFile(name, append(text, '\n'))
}

// maxFile is the longest file of results, in bytes. The lab's longest, of a hundred
// rounds with twenty servers, is half as long.
const maxFile = 256 << 20

// Read reads the results from a file that Write wrote.
func Read(ctx context.Context, name string) (*Results, error) {
	text, err := folder.ReadFile(ctx, name, maxFile)
	if tooLong := new(folder.TooLongError); errors.As(err, &tooLong) {
		return nil, fmt.Errorf("%s: not the results of a lab run: %w", name, err)
	}
	if err != nil {
		return nil, err
	}
	r, err := Decode(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return r, nil
}

// Decode reads results as JSON, and checks them. It ignores unknown fields, because a
// later version may have written them.
func Decode(text []byte) (*Results, error) {
	// The version first, because another version may have other types.
	var version struct {
		Schema *int `json:"schema"`
	}
	if err := json.Unmarshal(text, &version); err != nil {
		return nil, fmt.Errorf("not the results of a lab run: %w", err)
	}
	if version.Schema == nil {
		return nil, errors.New("not the results of a lab run: no schema version")
	}
	if *version.Schema != Schema {
		return nil, fmt.Errorf("schema version %d, but this program reads %d only", *version.Schema, Schema)
	}
	r := new(Results)
	if err := json.Unmarshal(text, r); err != nil {
		return nil, err
	}
	if err := r.Check(); err != nil {
		return nil, err
	}
	return r, nil
}

// Server returns the server of that name.
func (r *Results) Server(name string) *Server {
	for _, s := range r.Servers {
		if s.Name == name {
			return s
		}
	}
	return nil
}

// Running reports whether the servers ran already, so that the results have no more than a
// client can measure, and the environment is that of the load alone.
func (r *Results) Running() bool {
	return len(r.Servers) > 0 && !slices.ContainsFunc(r.Servers, func(s *Server) bool { return !s.Running() })
}

// Statement returns the statement of the experiment of that number, or nil.
func (r *Results) Statement(id string) *Statement {
	for i := range r.Experiments {
		if r.Experiments[i].ID == id {
			return &r.Experiments[i]
		}
	}
	return nil
}

// Failed names the servers that did not finish, or that made errors under load.
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

// CapacityOf returns the capacity of a server, nil if it was not searched for.
func (r *Results) CapacityOf(server string) *Capacity {
	i := slices.IndexFunc(r.Capacity, func(c Capacity) bool { return c.Server == server })
	if i < 0 {
		return nil
	}
	return &r.Capacity[i]
}

// LowestFailure returns the try with the lowest rate that the server did not keep, or
// nil.
func (c Capacity) LowestFailure() *Try {
	var lowest *Try
	for i := range c.Tries {
		if t := &c.Tries[i]; t.Fail != "" && (lowest == nil || t.Rate < lowest.Rate) {
			lowest = t
		}
	}
	return lowest
}

// Out reports whether a server must not be measured, or no further.
func (s *Server) Out() bool { return s.DNF != "" || s.Unavailable != "" }

// Skip notes something that is not measured, and why.
func (r *Results) Skip(what string) { r.NotMeasured = append(r.NotMeasured, what) }

// CeilingOf returns the generator's ceiling with w's connections and requests in flight,
// in requests per second. 0: not known.
func (r *Results) CeilingOf(w load.Workload) float64 {
	i := slices.IndexFunc(r.Ceiling, func(c Cell) bool {
		of := c.Load.Workload
		return of.Connections == w.Connections && of.Depth == w.Depth
	})
	if i < 0 {
		return 0
	}
	return r.Ceiling[i].Load.Rate
}
