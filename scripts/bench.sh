#!/usr/bin/env bash
# bench.sh FILE [go test flags, such as -bench=Server]
#
# Runs all benchmarks six times, because benchstat needs that many to tell a
# difference from chance, and also writes their output to FILE. They take a
# quarter of an hour, on a machine that must do nothing else.

# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

file=${1-}
[ -n "$file" ] || fail "usage: bench.sh FILE [go test flags]"
shift

packages=$(grep -rl --include='*_test.go' '^func Benchmark' . | xargs -n 1 dirname | sort -u)

# Six rounds instead of -count: that would run each benchmark six times in a
# row, and other load at that moment would affect all six.
for _ in 1 2 3 4 5 6; do
	# shellcheck disable=SC2086 # one word for each package
	go test -run='^$' -bench=. "$@" $packages
done | tee "$file"

echo "To compare it with another commit's:"
echo "  go run golang.org/x/perf/cmd/benchstat OTHER $file"
