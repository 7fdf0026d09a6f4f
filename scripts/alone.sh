#!/usr/bin/env bash
# alone.sh: every module builds and passes its tests without the workspace,
# with the versions that its own go.mod asks for, as it will when it is
# somebody's dependency.

# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

export GOWORK=off
for dir in $(GOWORK='' modules); do
	echo "$dir"
	go -C "$dir" build -o /dev/null ./... # not even a lone command is left behind
	go -C "$dir" test ./...
done
