package lab

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/ioflavors/ioflavors/tools/internal/load"
)

// Plan says what is measured, in which order and for how long.
type Plan struct {
	Seed   uint64 `json:"seed"`
	Rounds int    `json:"rounds"`
	// Order names the subjects of each round, as they follow each other.
	Order     [][]string      `json:"order"`
	Workloads []load.Workload `json:"workloads"`
	// Open are those of the open loop. A server that serves one client at a
	// time gets them over one connection.
	Open []load.Workload `json:"open"`
	// Cell is how long one workload is measured, after Warmup; one of the open
	// loop half as long.
	Cell   time.Duration `json:"cell_ns"`
	Warmup time.Duration `json:"warmup_ns"`
	// Idle is how long a server is measured that has nothing to do.
	Idle            time.Duration `json:"idle_ns"`
	IdleConnections int           `json:"idle_connections"`
	// Memory is with how many silent connections memory is measured.
	Memory []int `json:"memory_connections"`
}

// A server that serves one client at a time lets a client go after a turn of
// 10 s, or 5 s of silence, and no cell may come to that.
const (
	minCell = 50 * time.Millisecond
	maxCell = 5 * time.Second
	maxIdle = 2 * time.Second
)

// newPlan shuffles the subjects for each round.
func newPlan(subjects []Subject, seed uint64, rounds int, cell time.Duration) (Plan, error) {
	if rounds < 1 {
		return Plan{}, fmt.Errorf("%d rounds: the least is 1", rounds)
	}
	if cell < minCell || cell > maxCell {
		return Plan{}, fmt.Errorf("duration %v: a workload is measured for %v to %v", cell, minCell, maxCell)
	}
	p := Plan{
		Seed:            seed,
		Rounds:          rounds,
		Workloads:       workloads(),
		Open:            openWorkloads(),
		Cell:            cell,
		Warmup:          max(cell/4, 20*time.Millisecond),
		Idle:            min(max(cell/2, 200*time.Millisecond), maxIdle),
		IdleConnections: idleConnections,
		Memory:          memorySteps(),
	}
	random := rand.New(rand.NewPCG(seed, 0))
	for range rounds {
		order := subjectNames(subjects)
		random.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		p.Order = append(p.Order, order)
	}
	return p, nil
}

// What is not measured takes time too; the estimate of the time that is left
// is corrected by experience.
const (
	gateTime  = 2 * time.Second        // to check a server
	visitTime = 150 * time.Millisecond // to start, fill and stop one
)

// visit is how long a server takes in a round.
func (p Plan) visit() time.Duration {
	return visitTime + p.Idle + time.Duration(len(p.Workloads))*(p.Warmup+p.Cell) + time.Duration(len(p.Open))*(p.Warmup+p.Cell)/2
}

// seedOf is for one cell, so that all servers get the same requests in a round
// and other ones in the next.
func (p Plan) seedOf(round, workload int) uint64 {
	return p.Seed + uint64(round*len(p.Workloads)+workload)
}
