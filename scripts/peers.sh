#!/usr/bin/env bash
# peers.sh: vets, builds and tests the servers on other people's libraries that
# the lab compares ours with, and lets the lab measure them briefly. They are a
# module outside the workspace, so that their requirements raise no version of
# ours.

# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

export GOWORK=off
go -C tools/peers vet -tags poll_opt ./...
go -C tools/peers test -tags poll_opt ./...

out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
GOWORK='' go build -o "$out/ioflavors" ./tools/cmd/ioflavors # "go run" would hide the exit code
# 3: the run is void, because this machine was busy. That is no fault of a server.
"$out/ioflavors" lab --peers-from "$PWD" --models peer --only closed --quick --duration 50ms --out "$out/run" || test $? -eq 3
