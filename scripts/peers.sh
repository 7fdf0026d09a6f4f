#!/usr/bin/env bash
# peers.sh: vets, builds and tests the servers on other people's libraries that
# the lab compares ours with (tools/peers). They are a module outside the
# workspace, so that what they need raises no version of ours.

# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

export GOWORK=off
cd tools/peers
go mod tidy -diff
go vet -tags poll_opt ./...
go test -tags poll_opt ./...
