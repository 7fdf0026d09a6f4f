package results

import "fmt"

// Conformance is the outcome of a server's check against the protocol.
type Conformance struct {
	Passed int       `json:"passed"`
	Total  int       `json:"total"`
	Failed []Failure `json:"failed,omitempty"`
	// NotJudged are the rules that ran out of time because the machine was busy. They
	// say nothing about the server, so it is measured.
	NotJudged []Failure `json:"not_judged,omitempty"`
}

// Failure is a rule that a server breaks, or that was not judged.
type Failure struct {
	Rule   string `json:"rule"`
	Reason string `json:"reason"`
}

// String is short enough for a column: "17/17". A "?" means that rules were not judged.
func (g *Conformance) String() string {
	if g == nil {
		return "–"
	}
	text := fmt.Sprintf("%d/%d", g.Passed, g.Total)
	if len(g.NotJudged) > 0 {
		text += "?"
	}
	return text
}
