#!/usr/bin/env bash
# tidy.sh        go work sync, then go mod tidy in every module
# tidy.sh check  fails with the difference if that would change anything; the
#                work is done on a copy, so the tree stays as it is

# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

# The modules of developer tools are not looked at: tidying them downloads all
# that buf's own tests need, and they change only when a tool is moved. That of
# the peers is, for it follows common.
tidied() {
	modules
	echo tools/peers
}

# Sync first: it raises the modules to the workspace's common versions, and may
# leave behind sums that tidy drops.
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
	# Go files are all that tidy reads besides the module files.
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
