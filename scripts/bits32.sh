#!/usr/bin/env bash
# bits32.sh: runs the tests of common and of the models as 32-bit programs, where
# an int and a time's seconds have half the size. It leaves out the commands' rows,
# because they test the system. If the system cannot run such programs, the script
# says so, and passes.

# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

skip() {
	echo "SKIPPED: $*, so the tests were not run with 32 bits"
	exit 0
}

case $(go env GOHOSTOS)/$(go env GOHOSTARCH) in
linux/amd64) GOARCH=386 ;;
linux/arm64) GOARCH=arm ;;
*) skip "32-bit programs are run on Linux alone" ;;
esac
export GOARCH CGO_ENABLED=0

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
go test -c -o "$dir/test" ./common/frame
said=$("$dir/test" -test.run '^$' 2>&1) || skip "this machine runs no programs for $GOARCH (${said##*$'\n'})"

set --
for module in $(modules); do
	if [ "$module" != tools ]; then set -- "$@" "./$module/..."; fi
done
packages=$(go list "$@" | grep -v '/cmd/')
# shellcheck disable=SC2086 # words are what it is made of
FAKEKERNEL_SEEDS=20 go test -short $packages
