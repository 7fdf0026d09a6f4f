#!/usr/bin/env bash
# sample.sh
#
# Runs the lab, prints its output, and writes the run into the pages that show one:
# docs/lab.md, the README with its table of models, and docs/pictures/cost.svg. It takes
# about two and a half minutes, on a machine that must do nothing else.

# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

go build -o /dev/null ./tools/cmd/ioflavors # before the measurement
printed=$(mktemp)
trap 'rm -f "$printed"' EXIT

go run ./tools/cmd/ioflavors lab --verbose | tee "$printed"
go run ./tools/internal/figures -lab <"$printed"
cp lab-out/latest/cost-2.svg docs/pictures/cost.svg
