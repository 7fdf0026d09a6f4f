// Package results is what a run of the lab has found out: what was measured, the
// medians over the rounds, and what the experiments say. A file has it as JSON
// (Write, Read).
package results

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"github.com/ioflavors/ioflavors/tools/internal/folder"
	"github.com/ioflavors/ioflavors/tools/internal/load"
)

// Schema is the version of Results: it changes when a field changes its
// meaning or goes.
const Schema = 5

// FileName is the name of the file that Results are written to.
const FileName = "results.json"

// Results is everything that a run of the lab has found out.
type Results struct {
	Schema   int       `json:"schema"`
	Started  time.Time `json:"started"`
	Finished time.Time `json:"finished"`
	// Complete: nobody ended the run before its time.
	Complete bool `json:"complete"`
	// Command is the command that does the same again, word by word.
	Command     []string    `json:"command,omitempty"`
	Environment Environment `json:"environment"`
	Plan        Plan        `json:"plan"`
	Servers     []*Server   `json:"servers"`
	// Ceiling is what the generator reaches against a server that does next to
	// nothing, under each of the plan's workloads.
	Ceiling []Cell `json:"ceiling,omitempty"`
	// Runs and Open are the cells of the closed loop and of the open one, void
	// ones too, in the order they were measured. In Open, Workload is of the
	// plan's open ones.
	Runs []Cell `json:"runs,omitempty"`
	Open []Cell `json:"open,omitempty"`
	// Again are cells of the closed loop too: the plan's server for the A/A
	// test, measured as if it were another one.
	Again    []Cell        `json:"again,omitempty"`
	Idle     []IdleCell    `json:"idle,omitempty"`
	Syscalls []SyscallCell `json:"syscalls,omitempty"`
	Capacity []Capacity    `json:"capacity,omitempty"`
	// StallCheck is the lab's test of itself; nil if it was not made.
	StallCheck *StallCheck `json:"stall_check,omitempty"`
	// Experiments say what each of the plan's experiments asks, Trials are their runs,
	// and Claims their outcome.
	Experiments []Statement   `json:"experiments,omitempty"`
	Trials      []Trial       `json:"trials,omitempty"`
	Claims      []Claim       `json:"claims,omitempty"`
	Summary     []Summary     `json:"summary,omitempty"`
	OpenSummary []OpenSummary `json:"open_summary,omitempty"`
	Noise       []Noise       `json:"noise,omitempty"`
	// NotMeasured tells what was not measured and why, a sentence each.
	NotMeasured []string `json:"not_measured,omitempty"`
}

// Server is a target, and what became of it.
type Server struct {
	Target
	// Binary is the SHA-256 of the program's file, in hex. Empty if it could
	// not be read.
	Binary string       `json:"binary_sha256,omitempty"`
	Rules  *Conformance `json:"rules,omitempty"`
	// DNF (did not finish) is why it was not measured, or no further.
	DNF string `json:"dnf,omitempty"`
	// Unavailable is why this system cannot run it, as its command said when it
	// was started: then nothing was measured, and nothing is wrong with it.
	// Empty: it can.
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
	// Steal is the share of the machine's CPU time meanwhile that its host gave
	// to others, 0 to 1; nil if it is not known.
	Steal *float64 `json:"steal,omitempty"`
	// Others is the share of a core that other programs than the lab and the
	// server used meanwhile, 0 to 1: of the server's core or of the load's, which
	// is more, where they have cores of their own, and otherwise of all. nil if it
	// is not known.
	Others *float64 `json:"others,omitempty"`
}

// Capacity is the highest rate of an open loop that a server kept within an
// SLO: p99 of the response time at most the plan's SLO, no errors, at least 99 %
// of what was due answered, in every repeat.
type Capacity struct {
	Server string `json:"server"`
	// Rate is in requests per second; 0 if there was none.
	Rate float64 `json:"requests_per_second"`
	// LowerBound: a higher rate could not be judged, so there may be more.
	LowerBound bool  `json:"lower_bound"`
	Tries      []Try `json:"tries,omitempty"`
}

// Try is one step of the search for a capacity.
type Try struct {
	Rate float64 `json:"rate"`
	// Runs are its repeats, up to the first that failed.
	Runs []Cell `json:"runs,omitempty"`
	// Fail is why the rate was not kept within the SLO; empty if it was.
	Fail string `json:"fail,omitempty"`
}

// Noise is how far two measurements of one and the same server were apart: the
// A/A test. A difference between two servers that is no larger means nothing.
type Noise struct {
	Server   string `json:"server"`
	Workload int    `json:"workload"` // of the plan's, counted from 0
	// CPU is the difference between the medians of CPU per request, as a share
	// of their mean.
	CPU float64 `json:"cpu"`
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
	return name, folder.WriteFile(name, append(text, '\n'))
}

// maxFile is how long a file of results may be, in bytes. The longest that the lab
// writes, of a hundred rounds with twenty servers, has half as many.
const maxFile = 256 << 20

// Read reads the results from a file that Write has written.
func Read(name string) (*Results, error) {
	// Opening a pipe into which nobody writes would wait, deaf to signals.
	f, err := os.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	tooLong := fmt.Errorf("%s: not the results of a lab run: it has more than %d MiB", name, maxFile>>20)
	if info, err := f.Stat(); err == nil && info.Size() > maxFile {
		return nil, tooLong
	}
	text, err := io.ReadAll(io.LimitReader(f, maxFile+1)) // it may be a pipe
	if err != nil {
		return nil, err
	}
	if len(text) > maxFile {
		return nil, tooLong
	}
	r, err := Decode(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return r, nil
}

// Decode reads results as JSON, and checks them. It passes over fields that it
// does not know: they are a later version's.
func Decode(text []byte) (*Results, error) {
	// The version first: with another one, the rest may have other types.
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

// Statement returns what the experiment of that number has said of itself, or nil.
func (r *Results) Statement(id string) *Statement {
	for i := range r.Experiments {
		if r.Experiments[i].ID == id {
			return &r.Experiments[i]
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

// CapacityOf returns the capacity of a server, nil if it was not searched for.
func (r *Results) CapacityOf(server string) *Capacity {
	i := slices.IndexFunc(r.Capacity, func(c Capacity) bool { return c.Server == server })
	if i < 0 {
		return nil
	}
	return &r.Capacity[i]
}

// LowestFailure returns the try with the lowest rate that was not kept, or nil.
func (c Capacity) LowestFailure() *Try {
	var lowest *Try
	for i := range c.Tries {
		if t := &c.Tries[i]; t.Fail != "" && (lowest == nil || t.Rate < lowest.Rate) {
			lowest = t
		}
	}
	return lowest
}

// Out reports whether a server is not to be measured, or no further.
func (s *Server) Out() bool { return s.DNF != "" || s.Unavailable != "" }

// Skip notes what is not measured.
func (r *Results) Skip(what string) { r.NotMeasured = append(r.NotMeasured, what) }

// CeilingOf returns the generator's ceiling with as many connections and
// requests in flight, in requests per second. 0: not known.
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
