package probe

import (
	"fmt"
	"sync"
)

// Try runs f with a T of its own, and returns why f failed, or "" if it did
// not. With it, expectations work outside of tests, and in goroutines, where a
// testing.T cannot end the test.
func Try(f func(T)) (failure string) {
	t := new(trial)
	defer t.end()
	defer func() {
		switch v := recover().(type) {
		case nil:
		case failed:
			failure = string(v)
		default:
			panic(v)
		}
	}()
	f(t)
	return ""
}

// Concurrently runs f n times in parallel, each with a T and a number of its
// own, and fails if one of them failed.
func Concurrently(t T, n int, f func(t T, i int)) {
	t.Helper()
	failures := make([]string, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { failures[i] = Try(func(t T) { f(t, i) }) })
	}
	wg.Wait()
	for i, failure := range failures {
		if failure != "" {
			t.Fatalf("client %d of %d: %s", i+1, n, failure)
		}
	}
}

// trial is a T that unwinds its goroutine with a panic, which Try catches.
type trial struct{ cleanups []func() }

type failed string

func (*trial) Helper()            {}
func (t *trial) Cleanup(f func()) { t.cleanups = append(t.cleanups, f) }
func (t *trial) Fatalf(format string, args ...any) {
	panic(failed(fmt.Sprintf(format, args...)))
}

func (t *trial) end() {
	for i := len(t.cleanups) - 1; i >= 0; i-- {
		t.cleanups[i]()
	}
}
