#!/usr/bin/env bash
# alone.sh: every module builds without the workspace, tests included, with the
# versions that its own go.mod asks for, as it will when it is somebody's
# dependency. Its tests run where these versions differ from the workspace's.
# Where they are the same, the tests are the same program that "go test work"
# runs, and would show nothing new.

# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

# versions prints each module that the packages in a folder, and their tests, are
# built from, with the version that is taken.
versions() {
	go -C "$1" list -deps -test -f '{{with .Module}}{{if .Version}}{{.Path}} {{.Version}}{{end}}{{end}}' ./... |
		grep -v "^$prefix/" | sort -u
}

for dir in $(modules); do
	workspace=$(versions "$dir")
	alone=$(GOWORK=off versions "$dir")
	GOWORK=off go -C "$dir" build -o /dev/null ./... # not even a lone command is left behind
	GOWORK=off go -C "$dir" vet ./...                # type-checks the tests as well
	if [ "$workspace" = "$alone" ]; then
		echo "$dir: the versions are the workspace's"
		continue
	fi
	echo "$dir: the versions are its own"
	diff <(echo "$workspace") <(echo "$alone") || true
	GOWORK=off go -C "$dir" test ./...
done
