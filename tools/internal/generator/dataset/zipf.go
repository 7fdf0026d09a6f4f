package dataset

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"sort"
)

// zipfExponent is the exponent of YCSB's workloads (Cooper et al.,
// "Benchmarking Cloud Serving Systems with YCSB", 2010). rand.Zipf requires
// one above 1.
const zipfExponent = 0.99

// zipf picks numbers from 0 on, small ones more often.
type zipf struct{ upTo []float64 } // for each number, the probability of it and all before it

// newZipf returns an error only if ctx is done.
func newZipf(ctx context.Context, n int) (zipf, error) {
	z := zipf{make([]float64, n)}
	sum := 0.0
	for i := range z.upTo {
		if interrupted(ctx, i) {
			return z, fmt.Errorf("load: the distribution of %d keys: %w", n, ctx.Err())
		}
		sum += math.Pow(float64(i+1), -zipfExponent)
		z.upTo[i] = sum
	}
	for i := range z.upTo {
		z.upTo[i] /= sum
	}
	return z, nil
}

func (z zipf) pick(random *rand.Rand) int {
	return min(sort.SearchFloat64s(z.upTo, random.Float64()), len(z.upTo)-1)
}
