package results

// Article is the source of the claims.
const Article = "https://tech-lessons.in/en/blog/many_flavors_of_networking_io"

// Verdict is an experiment's answer to a claim.
type Verdict string

const (
	Confirmed     Verdict = "CONFIRMED"
	Refuted       Verdict = "REFUTED"
	OnlyWhen      Verdict = "ONLY WHEN"
	NotMeasurable Verdict = "NOT MEASURABLE HERE"
	// NotAvailable: this system cannot run the server.
	NotAvailable Verdict = "NOT AVAILABLE"
)

// Decided reports whether the figures answer the question.
func (v Verdict) Decided() bool { return v != "" && v != NotMeasurable && v != NotAvailable }

// Statement is written before a server is measured. The results contain it, so that a
// file shows the rule that its claims were judged by.
type Statement struct {
	ID    string `json:"id"` // "E2"
	Title string `json:"title"`
	// Quotes are the article's words. An experiment on a question that the article
	// leaves out has none.
	Quotes []string `json:"quotes,omitempty"`
	// Question is asked of each server: yes confirms the claim.
	Question string `json:"question"`
	// About are the servers that the claim is about. Their findings make the verdict;
	// other servers are measured for comparison.
	About []string `json:"about"`
	// Predictions are the expected verdicts, by a server's whole name or by its
	// model's.
	Predictions map[string]Verdict `json:"predictions,omitempty"`
	// Metric says what the verdict's number measures, Unit what it counts, and Rule
	// which numbers mean yes and which mean no.
	Metric string `json:"metric"`
	Unit   string `json:"unit"`
	Rule   string `json:"rule"`
	// Parts are the parts of the lab that it is judged by. An experiment without a run
	// of its own takes no time.
	Parts []Part `json:"parts,omitempty"`
	// Shows is the measure in the picture of its runs; empty: the response time.
	// Against says what Trial.X counts, where that is varied.
	Shows   Measure `json:"shows,omitempty"`
	Against string  `json:"against,omitempty"`
}

// Measure is a number of a trial: one of those below, or a name in Trial.Figures.
type Measure string

// The measures that trials have in common.
const (
	RequestRate        Measure = "requests/s"
	MedianTime         Measure = "p50"
	P99Time            Measure = "p99"
	ClientsServed      Measure = "clients served"
	CPUPerRequest      Measure = "CPU/request"
	SwitchesPerRequest Measure = "switches/request" // wanted and forced ones
	Memory             Measure = "RSS"
	LongestWait        Measure = "longest wait" // of the probes
	Unanswered         Measure = "probes unanswered"
)

// Finding is an experiment's answer for one server.
type Finding struct {
	Experiment string  `json:"experiment"`
	Server     string  `json:"server"`
	Verdict    Verdict `json:"verdict"`
	// Number is the figure that the rule judges; Low and High are the smallest and the
	// largest of its repeats, equal to Number if it was measured once.
	Number float64 `json:"number"`
	Low    float64 `json:"low"`
	High   float64 `json:"high"`
	// Close: another run could decide otherwise.
	Close bool `json:"close,omitempty"`
	// Predicted is the expected verdict; empty: there was none.
	Predicted Verdict `json:"predicted,omitempty"`
	// Why is the finding in a sentence, or the reason why there is none.
	Why string `json:"why"`
	// Trials are the indices of its runs in the results' trials.
	Trials []int `json:"trials,omitempty"`
}

// Surprising reports whether the finding contradicts its prediction.
func (f Finding) Surprising() bool {
	return f.Predicted != "" && f.Verdict.Decided() && f.Verdict != f.Predicted
}

// LeaveOut notes why runs were left out of the finding; nothing for "".
func (f *Finding) LeaveOut(why string) {
	if why != "" {
		f.Why += "; left out, because the machine disturbed it: " + why
	}
}

// Claim is an experiment's outcome.
type Claim struct {
	Experiment string  `json:"experiment"`
	Verdict    Verdict `json:"verdict"`
	// When completes ONLY WHEN.
	When string `json:"when,omitempty"`
	// Headline is the index, in Findings, of the finding with the number to quote. Its
	// server is one that the claim is about; -1: none was measured.
	Headline int `json:"headline"`
	// Disturbed: other programs took so much CPU time that they may have made the
	// verdict.
	Disturbed bool      `json:"disturbed,omitempty"`
	Findings  []Finding `json:"findings,omitempty"`
}

// Doubts names the servers for which another run could decide otherwise, and those
// whose verdict is not the predicted one.
func (c Claim) Doubts() (near, surprising []string) {
	for _, f := range c.Findings {
		if f.Close {
			near = append(near, f.Server)
		}
		if f.Surprising() {
			surprising = append(surprising, f.Server)
		}
	}
	return near, surprising
}

// Number returns the headline. known is false if no server was measured that the claim
// is about.
func (c Claim) Number() (f Finding, known bool) {
	if c.Headline < 0 || c.Headline >= len(c.Findings) {
		return Finding{}, false
	}
	return c.Findings[c.Headline], true
}
