#!/usr/bin/env bash
# lint.sh [format] [vet] [staticcheck] [cross] [proto] [docs]
#
# Runs the named checks, or all of them. Findings are fatal; nothing is fixed.
#
#   format       gofmt has nothing to say
#   vet          go vet, for this system
#   staticcheck  every check, minus the exceptions of staticcheck.conf, for
#                each of the three ways to wait: epoll, kqueue, neither; tests
#                are looked at for Linux, where none of their helpers is idle
#   cross        what go vet looks at, for every other system that we promise to
#                compile on, by tools/lint/crossvet
#   proto        buf lint and buf format, with the buf on the PATH if there is one
#   docs         pages name files, tests, flags, Go names and anchors that exist, those
#                that list faults leave none out, commands can be pasted, scripts do
#                nothing that their users did not ask for

# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

# Vetting type-checks the tests as well, which building would not.
systems='linux/amd64 linux/arm64 darwin/amd64 darwin/arm64 freebsd/amd64 openbsd/amd64
	netbsd/amd64 dragonfly/amd64 windows/amd64'

format() {
	local unformatted
	unformatted=$("$(go env GOROOT)/bin/gofmt" -s -l .)
	[ -z "$unformatted" ] || fail "gofmt -s -w would change:"$'\n'"$unformatted"
}

vet() {
	go vet work
}

staticcheck() {
	local dir system staticcheck tests=true failed=
	set --
	for dir in $(modules); do set -- "$@" "./$dir/..."; done
	staticcheck=$(tool tools/lint staticcheck)
	for system in linux darwin windows; do
		echo "staticcheck $system"
		GOOS=$system "$staticcheck" -tests=$tests "$@" || failed=1
		tests=false
	done
	echo "staticcheck tools/peers"
	(cd tools/peers && GOWORK=off "$staticcheck" -tags poll_opt ./...) || failed=1
	[ -z "$failed" ] || fail "staticcheck has findings"
}

# cross goes through the platforms one by one and reports every one that fails.
cross() {
	local platform failed='' own vet
	own=$(go env GOHOSTOS)/$(go env GOHOSTARCH)
	vet=$(tool tools/lint crossvet)
	for platform in $systems; do
		if [ "$platform" = "$own" ]; then continue; fi # vet's
		echo "vet $platform"
		CGO_ENABLED=0 GOOS=${platform%/*} GOARCH=${platform#*/} "$vet" || failed+=" $platform"
	done
	[ -z "$failed" ] || fail "vet has findings on:$failed"
}

# Building buf takes minutes, so lint does not: scripts/generated.sh, which needs
# it anyway, runs the same checks with the pinned one.
proto() {
	if ! command -v buf >/dev/null; then
		echo "no buf on the PATH: the schema is left to scripts/generated.sh"
		return
	fi
	buf lint
	buf format --diff --exit-code
}

# They are tests, but of those whose result Go keeps although a page has changed:
# a file outside the module.
docs() {
	go test -count=1 -run '^Test(PagesNameWhatThereIs|FaultsPage|KindsOfFault|SecurityPage|CommandsCanBePasted|ModulesToReleaseAreNamed|PackagesAreInstalledInCIAlone)$' ./tools/internal/figures
}

if [ $# -eq 0 ]; then set -- format vet staticcheck cross proto docs; fi
for check; do
	case $check in
	format | vet | staticcheck | cross | proto | docs) "$check" ;;
	*) fail "no such check: $check" ;;
	esac
done
