#!/usr/bin/env bash
#
# tidy.sh        go work sync, then go mod tidy in every module
# tidy.sh check  fails with the difference if tidy.sh would change anything; it
#                works on a copy, so the tree stays unchanged

# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

# The modules of developer tools are left out: tidying them downloads
# everything that buf's own tests need, and they change only with a tool's
# version. The peers' module is tidied, because it follows common.
tidied() {
	modules
	echo tools/peers
}

# Sync first: it raises the modules to the workspace's common versions, and may
# leave sums that tidy drops.
tidy() {
	local dir
	go work sync
	for dir in $(tidied); do
		GOWORK=off go -C "$dir" mod tidy
	done
}

case ${1-} in
'') tidy ;;
check)
	copy=$(mktemp -d)
	trap 'rm -rf "$copy"' EXIT
	# Besides the module files, tidy reads only Go files.
	find . \( -name '*.go' -o -name 'go.mod' -o -name 'go.sum' -o -name 'go.work*' \) -type f |
		tar -cf - -T - | tar -xf - -C "$copy"
	(cd "$copy" && tidy)
	changed=
	for dir in $(tidied); do
		diff -uN "$dir/go.mod" "$copy/$dir/go.mod" || changed=1
		diff -uN "$dir/go.sum" "$copy/$dir/go.sum" || changed=1
	done
	[ -z "$changed" ] || fail "run make tidy"
	;;
*) fail "usage: tidy.sh [check]" ;;
esac
