#!/usr/bin/env bash
# lint.sh [format] [vet] [staticcheck] [cross] [proto] [docs]
#
# Runs the named checks, or all. A finding is an error; the script fixes
# nothing.
#
#
#   format       gofmt finds nothing to change
#   vet          go vet, for this system
#   staticcheck  every check, except those in staticcheck.conf, for each of the
#                three ways to wait: epoll, kqueue, neither; the tests only for
#                Linux, where all of their helpers are used
#   cross        the checks of go vet, for every other system on which we promise
#                to compile, by tools/lint/crossvet
#   proto        buf lint and buf format, if there is a buf on the PATH
#   docs         pages name only files, tests, flags, Go names and anchors that
#                exist, lists of faults are complete, commands can be pasted, and
#                scripts do nothing that their users did not ask for

# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

# Vet also type-checks the tests, which a build does not.
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

# cross vets one platform after the other, and reports every one that fails.
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

# Building buf takes minutes, so lint does not build it: scripts/generated.sh,
# which needs it anyway, runs the same checks with the pinned buf.
proto() {
	if ! command -v buf >/dev/null; then
		echo "no buf on the PATH: the schema is left to scripts/generated.sh"
		return
	fi
	buf lint
	buf format --diff --exit-code
}

# -count=1, because Go would reuse a test's result although a page, a file
# outside the module, has changed.
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
