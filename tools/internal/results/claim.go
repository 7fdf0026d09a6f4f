package results

// Article is where the claims are from.
const Article = "https://tech-lessons.in/en/blog/many_flavors_of_networking_io"

// Verdict is what an experiment says of a claim.
type Verdict string

const (
	Confirmed     Verdict = "CONFIRMED"
	Refuted       Verdict = "REFUTED"
	OnlyWhen      Verdict = "ONLY WHEN"
	NotMeasurable Verdict = "NOT MEASURABLE HERE"
	// NotAvailable: this system cannot run the server, so it was not tried.
	NotAvailable Verdict = "NOT AVAILABLE"
)

// Decided reports whether the question has an answer: whether there are figures,
// and they say something.
func (v Verdict) Decided() bool { return v != "" && v != NotMeasurable && v != NotAvailable }

// Statement is what an experiment says before a server is measured. The results have
// it too, so that a file shows the rule that its claims were judged by.
type Statement struct {
	ID    string `json:"id"` // "E2"
	Title string `json:"title"`
	// Quotes are the article's words. Some experiments are on what it leaves
	// out.
	Quotes []string `json:"quotes,omitempty"`
	// Question is what is asked of each server: yes confirms the claim.
	Question string `json:"question"`
	// About are the models that the claim is on: the verdict is theirs. The
	// others are measured for comparison.
	About []string `json:"about"`
	// Predictions are what is expected of servers, by the whole name or by the
	// model's. Of others nothing is.
	Predictions map[string]Verdict `json:"predictions,omitempty"`
	// Metric is what the verdict's number is, Unit what it counts, and Rule from
	// which number on the answer is yes or no.
	Metric string `json:"metric"`
	Unit   string `json:"unit"`
	Rule   string `json:"rule"`
	// Parts are those of the lab that it is judged by. One with no run of its
	// own takes no time.
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
	// Number is what it rests on, and Low and High the smallest and the largest
	// of its repeats; equal to Number if it was measured once.
	Number float64 `json:"number"`
	Low    float64 `json:"low"`
	High   float64 `json:"high"`
	// Close: another run could decide otherwise.
	Close bool `json:"close,omitempty"`
	// Predicted is what was expected; empty: nothing.
	Predicted Verdict `json:"predicted,omitempty"`
	// Why is the finding in a sentence, or why there is none.
	Why string `json:"why"`
	// Trials are the runs that it rests on, counted from 0 among the results'.
	Trials []int `json:"trials,omitempty"`
}

// Surprising reports whether the finding contradicts its prediction.
func (f Finding) Surprising() bool {
	return f.Predicted != "" && f.Verdict.Decided() && f.Verdict != f.Predicted
}

// LeaveOut notes that the finding rests on fewer runs than there were, and why;
// nothing for "".
func (f *Finding) LeaveOut(why string) {
	if why != "" {
		f.Why += "; left out what the machine disturbed: " + why
	}
}

// Claim is an experiment's outcome.
type Claim struct {
	Experiment string  `json:"experiment"`
	Verdict    Verdict `json:"verdict"`
	// When completes ONLY WHEN.
	When string `json:"when,omitempty"`
	// Headline is the finding with the number to quote: of a server that the
	// claim is about.
	Headline int `json:"headline"` // in Findings
	// Disturbed: so much else ran beside the run that the verdict may be the
	// machine's.
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

// Number returns the headline, the finding with the number to quote. known is
// false if the run had none of the servers that the claim is about.
func (c Claim) Number() (f Finding, known bool) {
	if c.Headline < 0 || c.Headline >= len(c.Findings) {
		return Finding{}, false
	}
	return c.Findings[c.Headline], true
}
