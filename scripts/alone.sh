#!/usr/bin/env bash
# alone.sh: builds every module without the workspace, tests included, with the
# versions that its own go.mod requires, as for a user who depends on it. It
# runs the tests of a module whose versions differ from the workspace's. If
# they are the same, the tests are the program that "go test work" runs, and
# would show nothing new.

# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

# versions prints each module from which the packages in a folder, and their
# tests, are built, with the version used.
versions() {
	go -C "$1" list -deps -test -f '{{with .Module}}{{if .Version}}{{.Path}} {{.Version}}{{end}}{{end}}' ./... |
		grep -v "^$prefix/" | sort -u
}

for dir in $(modules); do
	workspace=$(versions "$dir")
	alone=$(GOWORK=off versions "$dir")
	GOWORK=off go -C "$dir" build -o /dev/null ./... # leaves no command behind, not even a single one
	GOWORK=off go -C "$dir" vet ./...                # type-checks the tests, too
	if [ "$workspace" = "$alone" ]; then
		echo "$dir: the versions are the workspace's"
		continue
	fi
	echo "$dir: the versions are its own"
	diff <(echo "$workspace") <(echo "$alone") || true
	GOWORK=off go -C "$dir" test ./...
done
