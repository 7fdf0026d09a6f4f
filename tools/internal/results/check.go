package results

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"time"

	"github.com/ioflavors/ioflavors/tools/internal/printable"
)

// Check returns an error unless the results can be shown. They may be from a file that
// was edited by hand, or by an attacker, and no later code checks them again. After
// Check each index is in range, and each number can be summed, subtracted, and put on a
// logarithmic axis. Check escapes characters that cannot be seen (printable.Text).
func (r *Results) Check() error {
	makePrintable(reflect.ValueOf(r))
	if slices.Contains(r.Servers, nil) {
		return errors.New("a server is null")
	}
	for _, s := range r.Servers {
		if s.Name != printable.Line(s.Name) { // its rest would look like a line of ours
			return fmt.Errorf("the name of a server has a line break, or a tab: %s", printable.Line(s.Name))
		}
	}
	var errs []error
	add := func(err error) { errs = append(errs, err) }
	named := func(what, server string) {
		if r.Server(server) == nil {
			add(fmt.Errorf("%s: no server %q", what, server))
		}
	}
	figures := func(what, server string, workload, of int) {
		if r.Server(server) == nil || workload < 0 || workload >= of {
			add(fmt.Errorf("%s: figures of %q under workload %d, which are not in the plan", what, server, workload))
		}
	}
	const mostRounds = 10_000
	if r.Plan.Rounds < 0 || r.Plan.Rounds > mostRounds {
		add(fmt.Errorf("plan: %d rounds", r.Plan.Rounds))
	}
	if slices.ContainsFunc(r.Plan.IdleConnections, func(n int) bool { return n < 0 }) {
		add(fmt.Errorf("plan: silent connections %v", r.Plan.IdleConnections))
	}
	closed, open := len(r.Plan.Workloads), len(r.Plan.Open)
	for _, c := range r.Runs {
		figures("runs", c.Server, c.Workload, closed)
	}
	for _, c := range r.Again {
		figures("again", c.Server, c.Workload, closed)
	}
	for _, c := range r.Open {
		figures("open", c.Server, c.Workload, open)
	}
	for _, c := range r.Syscalls {
		figures("syscalls", c.Server, c.Workload, closed)
	}
	for _, c := range r.Time {
		figures("time", c.Server, c.Workload, closed)
		for a, d := range c.Spent {
			if d < 0 {
				add(fmt.Errorf("time: %q has spent %v on %s", c.Server, d, a))
			}
		}
	}
	for _, s := range r.Summary {
		figures("summary", s.Server, s.Workload, closed)
	}
	for _, s := range r.OpenSummary {
		figures("open_summary", s.Server, s.Workload, open)
	}
	for _, n := range r.Noise {
		figures("noise", n.Server, n.Workload, closed)
	}
	for _, c := range r.Ceiling {
		if c.Workload < 0 || c.Workload >= closed {
			add(fmt.Errorf("ceiling: workload %d is not in the plan", c.Workload))
		}
	}
	for _, c := range r.Idle {
		named("idle", c.Server)
		if c.Connections < 0 || c.Wanted < 0 || len(r.Plan.IdleConnections) == 0 {
			add(fmt.Errorf("idle: %d connections, of %d of the plan's %v", c.Connections, c.Wanted, r.Plan.IdleConnections))
		}
	}
	for _, c := range r.Capacity {
		named("capacity", c.Server)
		for _, t := range c.Tries {
			if t.Fail != "" && len(t.Runs) == 0 {
				add(fmt.Errorf("capacity: %q has failed at %v without a run", c.Server, t.Rate))
			}
		}
	}
	for _, t := range r.Trials {
		if t.Probes != nil {
			add(t.Probes.check())
		}
	}
	return errors.Join(append(errs, usable("", reflect.ValueOf(r)))...)
}

// Measured numbers are far within these limits: times in ns, sizes in bytes, rates.
const (
	largestInt   = 1e15
	largestFloat = 1e18
	leastFloat   = 1e-100
)

var clockTime = reflect.TypeFor[time.Time]()

// usable returns an error for the first number beyond the limits. It passes over the
// seed, whose type is unsigned.
func usable(name string, v reflect.Value) error {
	switch v.Kind() {
	case reflect.Int, reflect.Int64:
		if n := v.Int(); n < -largestInt || n > largestInt {
			return fmt.Errorf("%s: %d is out of range", name, n)
		}
	case reflect.Float64:
		if x := math.Abs(v.Float()); x > largestFloat || x != 0 && x < leastFloat {
			return fmt.Errorf("%s: %v is out of range", name, v.Float())
		}
	case reflect.Pointer:
		if !v.IsNil() {
			return usable(name, v.Elem())
		}
	case reflect.Slice:
		for i := range v.Len() {
			if err := usable(name, v.Index(i)); err != nil {
				return err
			}
		}
	case reflect.Map:
		for each := v.MapRange(); each.Next(); {
			if err := usable(name, each.Value()); err != nil {
				return err
			}
		}
	case reflect.Struct:
		if v.Type() == clockTime {
			return nil
		}
		for i := range v.NumField() {
			if field := v.Type().Field(i); field.IsExported() {
				if err := usable(field.Name, v.Field(i)); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// makePrintable escapes the characters of every text in v that cannot be seen. v must be
// settable, or a pointer.
func makePrintable(v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		if text := v.String(); text != printable.Text(text) {
			v.SetString(printable.Text(text))
		}
	case reflect.Pointer:
		if !v.IsNil() {
			makePrintable(v.Elem())
		}
	case reflect.Slice:
		for i := range v.Len() {
			makePrintable(v.Index(i))
		}
	case reflect.Map:
		for each := v.MapRange(); each.Next(); {
			key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
			key.Set(each.Key())
			value.Set(each.Value())
			makePrintable(key)
			makePrintable(value)
			if !key.Equal(each.Key()) {
				v.SetMapIndex(each.Key(), reflect.Value{})
			}
			v.SetMapIndex(key, value)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type() != clockTime && v.Type().Field(i).IsExported() {
				makePrintable(v.Field(i))
			}
		}
	}
}
