#!/usr/bin/env bash
# fuzz.sh [DURATION]: runs every fuzz target of the workspace in turn, each
# for DURATION (10s). Go keeps a failing input under testdata/fuzz: commit it
# with the fix.

# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

duration=${1-10s}
log=$(mktemp)
trap 'rm -f "$log"' EXIT

# targets prints "package name" for each target. go test -list prints a
# package's functions first, and then the package.
targets() {
	go test -list '^Fuzz' work | awk '
		/^Fuzz/        { names[++n] = $1 }
		$1 == "ok"     { for (i = 1; i <= n; i++) print $2, names[i]; n = 0 }'
}

fuzz() {
	echo "$1 $2"
	go test -run '^$' -fuzz "^$2\$" -fuzztime "$duration" -fuzzminimizetime 5s "$1" >"$log" 2>&1 </dev/null
}

targets | while read -r package name; do
	if fuzz "$package" "$name"; then
		tail -n 3 "$log"
		continue
	fi
	# Before Go 1.27 the end of the fuzzing time is sometimes reported as a
	# failure (go.dev/issue/75804). That leaves no failing input, and does not
	# happen twice in a row; a real failure does.
	if grep -q 'context deadline exceeded' "$log" && ! grep -q 'Failing input' "$log" && fuzz "$package" "$name"; then
		continue
	fi
	cat "$log"
	fail "$name failed"
done
