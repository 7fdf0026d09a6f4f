#!/usr/bin/env bash
# stress.sh [TIMES [PACKAGE...]]
#
# Runs the tests, all or those of the packages, TIMES (3) times beside six busy
# processes, and says which failed. A test that fails here, but not on an idle
# machine, depends on the machine's speed.

# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

busy=6 # processes: more than most machines have processors

times=${1:-3}
[[ $times =~ ^[1-9][0-9]*$ ]] || fail "TIMES is $times; want a number from 1"
shift || true
[ $# -gt 0 ] || set -- work

tmp=$(mktemp -d)
spinning=() testing=
finish() {
	[ -z "$testing" ] || kill -- "-$testing" 2>/dev/null || true
	[ ${#spinning[@]} -eq 0 ] || kill "${spinning[@]}" 2>/dev/null || true
	rm -rf "$tmp"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

go vet "$@" # builds nearly everything that the tests need, while the machine is idle

# Each busy process ends with this script, even if the script is killed.
parent=$$
for ((i = 0; i < busy; i++)); do
	(while kill -0 $parent 2>/dev/null; do for ((n = 0; n < 100000; n++)); do :; done; done) &
	spinning+=($!)
done

failed=0
for ((run = 1; run <= times; run++)); do
	echo "run $run of $times, beside $busy busy processes"
	begun=$SECONDS
	set -m # gives it a process group, which can be ended as a whole
	go test -count=1 -timeout=1h "$@" >"$tmp/$run" 2>&1 &
	testing=$!
	set +m
	if wait $testing; then
		echo "  ok in $((SECONDS - begun)) s"
	else
		failed=$((failed + 1))
		echo "  FAIL in $((SECONDS - begun)) s"
		grep -vE '^(ok  |\?   )' "$tmp/$run" || true
	fi
done

if [ $failed -gt 0 ]; then
	echo "$failed of $times runs failed. How often each test did:"
	cat "$tmp"/* | sed -nE 's/^ *--- FAIL: ([^ ]+) .*/\1/p' | sort | uniq -c | sort -rn
	exit 1
fi
echo "no test failed in $times runs"
