package advise

import (
	"cmp"
	"fmt"
	"time"

	"github.com/ioflavors/ioflavors/tools/internal/format"
	"github.com/ioflavors/ioflavors/tools/internal/load"
	"github.com/ioflavors/ioflavors/tools/internal/results"
)

// Sample is one measurement of one model.
type Sample struct {
	Model string `json:"model"`
	// Repeat counts from 1. Probe is the difference from the profile; then there is
	// no repeat.
	Repeat int    `json:"repeat,omitempty"`
	Probe  string `json:"probe,omitempty"`
	// Silent is the number of silent connections, and Short why some are missing.
	Silent int    `json:"silent"`
	Short  string `json:"short,omitempty"`
	// Base is the server's memory (RSS) without connections, in bytes, and Held with
	// the silent ones; 0: not known. Idle is the share of a core that it then used or
	// waited for; nil: not known.
	Base int64    `json:"rss_base_bytes,omitempty"`
	Held int64    `json:"rss_held_bytes,omitempty"`
	Idle *float64 `json:"idle_share,omitempty"`

	Load      load.Result        `json:"load"`
	Resources *results.Resources `json:"resources,omitempty"` // while it was loaded
	// Error is how the server ended, if it did.
	Error string `json:"error,omitempty"`
	// Taken is why the machine kept the server from its work: other programs had the
	// machine, or it has no room. Then the sample says nothing about the server.
	Taken string `json:"taken,omitempty"`

	absent *Absentee // why the server cannot be measured; nil: it can
	slow   string    // the step that took much longer than planned, and how long
}

// hopelessShare is the share of the due requests below which another measurement
// cannot change the answer.
const hopelessShare = 0.9

// reached says whether a sample reached the target.
type reached uint8

const (
	unknown reached = iota
	yes
	no
)

// within judges a sample by itself, and says why it missed the target.
func (s *Sample) within(p Profile) (r reached, why string) {
	l := &s.Load
	void := len(l.Void) > 0
	switch {
	case s.Taken != "":
		return unknown, ""
	case s.Error != "":
		return no, s.Error
	case s.Short != "":
		return no, "silent connections: " + s.Short
	case l.Errors.Count() > 0:
		return no, l.Errors.Err().Error()
	case !l.Kept() && void && !l.MedianStands():
		return unknown, ""
	case !l.Kept():
		return no, fmt.Sprintf("answers %s of what is due", format.Percent(s.answered()))
	case s.p99() <= p.P99:
		// The times of a void sample are upper bounds.
		if void && !l.AtMost() {
			return unknown, ""
		}
		return yes, ""
	case void && !(l.MedianStands() && l.Response.P50 > p.P99):
		return unknown, ""
	case l.Response.P99 == 0:
		return unknown, "" // one of too few requests decides nothing
	default:
		return no, fmt.Sprintf("p99 %s", format.Latency(s.p99()))
	}
}

// p99 returns the longest time if there are too few requests for a p99.
func (s *Sample) p99() time.Duration { return cmp.Or(s.Load.Response.P99, s.Load.Response.Max) }

// answered returns the share of the due requests that was answered, at most 1.
func (s *Sample) answered() float64 {
	if s.Load.Offered == 0 {
		return 0
	}
	return min(1, float64(s.Load.Requests)/float64(s.Load.Offered))
}

// hopeless reports whether measuring the model again is useless. before is the
// model's earlier sample, because a busy machine may once leave a server too little
// time to accept its clients.
func (s *Sample) hopeless(before *Sample) bool {
	switch {
	case s.Taken != "":
		return false
	case s.Short != "":
		return before != nil && before.Short != ""
	default:
		return s.Error != "" || s.Load.MedianStands() && s.answered() < hopelessShare
	}
}

// cpuShare returns the share of a core that the server used, 1 for a whole core.
func (s *Sample) cpuShare() float64 {
	share, _ := s.Resources.Share()
	return share
}

// digest returns a sample in a line.
func (s *Sample) digest() string {
	if s.Taken != "" {
		return "not judged: " + s.Taken
	}
	if s.Error != "" {
		return s.Error
	}
	text := fmt.Sprintf("p99 %s, %s answered", format.Latency(s.p99()), format.Percent(s.answered()))
	if s.Resources != nil {
		text += fmt.Sprintf(", %s of a core, %s MiB", format.Percent(s.cpuShare()), format.Mebibytes(s.Resources.RSS))
	}
	if s.Short != "" {
		text += ", " + s.Short
	}
	if len(s.Load.Void) > 0 {
		text += ", void"
	}
	if s.slow != "" {
		text += "; " + s.slow
	}
	return text
}
