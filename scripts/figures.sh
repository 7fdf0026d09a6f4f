#!/usr/bin/env bash
# figures.sh [-w FILE] [go test flags, such as -short]
#
# Measures: runs the tests of every model, its commands' and its fake kernel's
# included, and, where that is permitted, those of the network's faults, and
# prints the figures that they publish as Markdown. It takes some minutes, and
# wants a machine that does nothing else. With -w the figures in FILE are
# replaced as well: docs/faults.md has some. It fails if a test fails.

# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

file=''
if [ "${1-}" = -w ]; then
	file=${2-}
	shift 2 || fail "usage: figures.sh [-w FILE] [go test flags]"
fi

# It is built before anything is measured.
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
go build -o "$dir/figures" ./tools/internal/figures

# events runs the tests, one package after the other. Whether they pass is in
# what they say.
events() {
	local model
	for model in $(modules); do
		if [ "$model" = common ] || [ "$model" = tools ]; then continue; fi
		go test -json -count=1 -p 1 "$@" "./$model/..." || :
	done
	scripts/netns.sh -test.v=test2json | go tool test2json -p "$prefix/tools/internal/netfault" || :
}

events "$@" | "$dir/figures" -w "$file"
