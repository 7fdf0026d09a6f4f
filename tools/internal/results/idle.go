package results

// IdleCell is a server with silent connections, and without requests.
type IdleCell struct {
	Server string `json:"server"`
	// Connections is the number that the server held, Wanted the planned number, and
	// Short why it held fewer.
	Connections int        `json:"connections"`
	Wanted      int        `json:"wanted"`
	Short       string     `json:"short,omitempty"`
	Resources   *Resources `json:"resources,omitempty"`
	// Steal and Others are as in Cell.
	Steal  *float64 `json:"steal,omitempty"`
	Others *float64 `json:"others,omitempty"`
}

// CoreShare is the share of a core that the server used.
func (c IdleCell) CoreShare() float64 {
	share, _ := c.Resources.Share()
	return share
}

// WantedShare is the share of a core that the server used, or waited for because other
// programs had it. Threads that wait for one core at the same time count once.
func (c IdleCell) WantedShare() float64 {
	wanted, _ := c.Resources.Wanted()
	return wanted
}

// IdleShare returns the share of a core that a server used with few silent connections:
// the first of the plan's numbers that is not 0, or one connection if the server serves
// one client at a time. known is false if that was not measured.
func (r *Results) IdleShare(server string) (share float64, known bool) {
	for _, c := range r.Idle {
		if c.Server == server && c.Connections > 0 && c.Resources != nil {
			return c.CoreShare(), true
		}
	}
	return 0, false
}

// PerConnection returns the memory (RSS) of a silent connection, in bytes, from the
// server's growth between its fewest and its most connections. known is false if there
// were few.
func (r *Results) PerConnection(server string) (bytes float64, known bool) {
	var first, last *IdleCell
	for i, c := range r.Idle {
		if c.Server == server && c.Resources != nil {
			if first == nil {
				first = &r.Idle[i]
			}
			last = &r.Idle[i]
		}
	}
	if last == nil || last.Connections-first.Connections < 10 {
		return 0, false
	}
	return float64(last.Resources.RSS-first.Resources.RSS) / float64(last.Connections-first.Connections), true
}

// Shares of a core, in %.
const BusyYes, BusyNo = 50.0, 5.0

// Polls reports whether a server without requests wanted a core: it used one, or waited
// for one that other programs had.
func (r *Results) Polls(server string) bool {
	for _, c := range r.Idle {
		if c.Server == server && c.Connections > 0 && c.Resources != nil {
			return 100*c.WantedShare() >= BusyYes
		}
	}
	return false
}
