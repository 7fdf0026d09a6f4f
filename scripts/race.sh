#!/usr/bin/env bash
# race.sh: runs all tests under the race detector.

# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

# On Linux the detector is linked with cgo, which needs a C compiler. Go turns
# cgo off by itself if it finds none.
if [ "$(go env GOOS)" = linux ] && ! command -v "$(go env CC)" >/dev/null; then
	apt_install gcc libc6-dev || fail "the race detector needs a C compiler: install gcc, or set CC"
fi

# The detector makes a fake kernel ten times slower; the plain run tries more seeds. The
# tests that are left out would show it no further code:
#   - most rows of docs/faults.md look at a process from outside, at its memory and its
#     clocks. The code of such a process runs in the models' own suites, and in the rows
#     on its end and its log, which do run.
#   - the protocol's rules are tried with four configurations; the one with small output
#     limits takes every path that the default one takes.
#   - the models' suites run for each protocol. The handlers of one connection never run
#     at once, and package resp tests what its connections share; so the key/value
#     protocol shows the models' races.
#   - the same code as in TestRun and TestAdvise runs each experiment of the lab, and the
#     commands of docs/your-own-server.md.
#   - packages that start no goroutine have nothing to race with. What others do with
#     them at once is seen in the others' tests.
alone='answer|compare|figures|format|generator/dataset|generator/wire|load|nearest|report(/[a-z]+)?|results|source|text|timesplit'
if find tools/internal -name '*.go' | grep -E "/($alone)/" | xargs grep -lE '\bgo func|\.Go\(|t\.Parallel|"sync'; then
	fail "these files start goroutines, so the race detector must see them: mend the list in $0"
fi
mapfile -t packages < <(go list work | grep -vE "/tools/internal/($alone)\$")

outside='row_([0-9]|[12][0-9]|3[0-589]|40|47):'
experiments='Test(RunBadServers|RunInAnotherProtocol|RunWithoutThoseThatAreNotAvailable'
experiments+='|AdviseWithoutThoseThatAreNotAvailable|CallersShowAStall|CapacityIsFound|CapacityInAnotherProtocol'
experiments+='|YourOwnServer|SilentClientsAreRun|ManyConnectionsAreRun|CoresAreRun|OneAtATimeIsRun|ASlowHandlerIsMeasured'
experiments+='|APoolIsMeasured|ADeafReaderIsMeasured|IdleLadder|SyscallsOfAServer|SyscallsOfARing)'
CGO_ENABLED=1 FAKEKERNEL_SEEDS=50 go test -race "${packages[@]}" \
	-skip "^TestCommand$/./$outside|^TestServer$/^conformance$/^tcp4$|^TestServer$/./^conformance$/^tcp4$|^TestServer$/^(lines|resp)$|^TestServer$/./^(lines|resp)$|^$experiments\$"
