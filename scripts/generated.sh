#!/usr/bin/env bash
#
# generated.sh write      lint the schema, generate the code, record the sums
# generated.sh check      compare the files with the recorded sums: a moment
# generated.sh check full generate the code anew and compare: minutes, because
#                         the pinned buf must be built once
#
# The record holds the sums of the inputs (schema, templates, the versions of
# buf and of the generator) and of the output. While it matches, the code is
# the one that `write` generated from these inputs: it shows an edit by hand, a
# schema changed without generating, and a tool moved to another version. It
# cannot show a record that was not made by `write`, or a generator that
# depends on more than its inputs; `check full` relies on neither.

# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

record=tools/codegen/generated.sum

sums() {
	# LC_ALL: one order of the files everywhere.
	find buf.yaml buf.gen.yaml tools/codegen/go.mod tools/codegen/go.sum common/proto \
		-name '*.pb.go' -o -type f ! -name '*.go' | LC_ALL=C sort | while read -r file; do
		if command -v sha256sum >/dev/null; then sha256sum "$file"; else shasum -a 256 "$file"; fi
	done
}

# Everything uses one version of protobuf: the generator that buf gets at the
# root (the workspace's), the one pinned beside buf, and the one that wrote
# the code. With different versions, the two ways to generate would disagree.
versions() {
	local workspace pinned wrote
	workspace=$(go list -m -f '{{.Version}}' google.golang.org/protobuf)
	pinned=$(sed -n 's|.*google.golang.org/protobuf \(v[^ ]*\).*|\1|p' tools/codegen/go.mod)
	wrote=$(find common/proto -name '*.pb.go' -exec sed -n 's|^//[[:space:]]*protoc-gen-go \(v.*\)|\1|p' {} + | sort -u)
	if [ "$workspace" != "$pinned" ] || [ "$pinned" != "$wrote" ]; then
		fail "protobuf is $workspace in the workspace, $pinned in tools/codegen, $wrote in the generated code; they must be one"
	fi
}

generate() {
	local buf released
	buf=$(tool tools/codegen buf)
	"$buf" lint
	"$buf" format --diff --exit-code
	released=$(git -c versionsort.suffix=- tag --list 'common/v*' --sort=-v:refname | head -n 1)
	if [ -n "$released" ]; then "$buf" breaking --against ".git#tag=$released"; fi
	"$buf" generate --output "$1"
}

write() {
	generate .
	versions
	sums >"$record"
}

check() {
	sums | diff -u "$record" - ||
		fail "the generated code or what it is made of is not what $record says; run make generate and commit what it writes"
	versions
	[ "${1-}" = full ] || return 0

	# A copy without the generated files, so that a file without a schema shows.
	local fresh
	fresh=$(mktemp -d)
	# shellcheck disable=SC2064 # fresh is local: its value is wanted now
	trap "rm -rf '$fresh'" EXIT
	mkdir "$fresh/common"
	cp -R common/proto "$fresh/common/"
	find "$fresh" -name '*.pb.go' -exec rm {} +
	generate "$fresh"
	diff -ru common/proto "$fresh/common/proto" || fail "the generated code is not what the generator writes"
}

case ${1-} in
write) write ;;
check) check "${2-}" ;;
*) fail "usage: generated.sh write | check [full]" ;;
esac
