#!/usr/bin/env bash
# figures.sh [-w FILE] [go test flags, such as -short]
#
# Runs the tests of every model, including those of its command and on its
# fake kernel, and, if permitted, the tests of network faults. It prints the
# figures that they publish as Markdown. It takes some minutes, on a machine
# that must do nothing else. With -w it also replaces the figures in FILE,
# docs/faults.md for example. It fails if a test fails.

# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

file=''
if [ "${1-}" = -w ]; then
	file=${2-}
	shift 2 || fail "usage: figures.sh [-w FILE] [go test flags]"
fi

# The program is built before the measurement.
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
go build -o "$dir/figures" ./tools/internal/figures

# events runs the tests, one package after the other. Their output tells
# whether they pass.
events() {
	local model
	for model in $(modules); do
		case $model in common | stores | examples | tools) continue ;; esac
		go test -json -count=1 -p 1 "$@" "./$model/..." || :
	done
	scripts/netns.sh -test.v=test2json -test.skip=TestLoadFromTwoMachines | go tool test2json -p "$prefix/tools/internal/netfault" || :
}

events "$@" | "$dir/figures" -w "$file"
