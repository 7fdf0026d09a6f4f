#!/usr/bin/env bash
# race.sh: all tests under the race detector.

# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

# On Linux the detector is linked with cgo, which wants a C compiler. Go turns
# cgo off by itself where it finds none.
if [ "$(go env GOOS)" = linux ] && ! command -v "$(go env CC)" >/dev/null; then
	apt_install gcc libc6-dev || fail "the race detector needs a C compiler: install gcc, or set CC"
fi

# The detector makes a fake kernel ten times slower; the plain run tries more.
CGO_ENABLED=1 FAKEKERNEL_SEEDS=50 go test -race work
