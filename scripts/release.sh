#!/usr/bin/env bash
# release.sh [--dry-run] VERSION [MODULE...]
#
# Tags a release of the named modules, or of all but examples: common/v0.1.0,
# eventloop/v0.1.0, and so on. --dry-run does the same work, and discards it.
#
# On main a module requires its siblings as `require ... v0.0.0`, with a
# `replace` by the folder beside it. That serves everybody who works in this
# repository, but `go install module/cmd/x@v0.1.0` refuses a module with a
# replace. So each tag is main plus one commit a module, on no branch. In that
# commit the replaces are gone, and the siblings are required at a real
# version: the version being released, or, for a sibling that is not released,
# its latest tag.
#
# Such a commit's go.sum holds the sum of a sibling that is not published yet.
# Therefore everything happens in a clone, and git maps
# github.com/ioflavors/ioflavors to the clone: the go command fetches the new
# tags there as it will fetch the published ones, and computes the same sums.
# Each module is then tested in the form in which users get it, and its
# commands are installed. Only if all of this succeeds do the tags come back
# to this repository; nothing is pushed.

# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

usage="usage: release.sh [--dry-run] VERSION [MODULE...]"
dry_run=
case ${1-} in
--dry-run | -n) dry_run=1 && shift ;;
-*) fail "$usage" ;;
esac
version=${1-}
[ -n "$version" ] || fail "$usage"
shift

# The format of the version, and the major versions that the module paths
# stand for.
[[ $version =~ ^v[01]\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)(-[0-9A-Za-z.-]+)?$ ]] ||
	fail "$version is not a version like v0.1.0 (v2 and later need another module path)"

# The modules to release, dependencies first, however they were named. Examples are
# read, not required.
all=$(modules | grep -vx examples)
released=
for module in "$@"; do
	grep -qxF -e "$module" <<<"$all" || fail "no module $module in go.work that is released"
done
for module in $all; do
	if [ $# -eq 0 ] || [[ " $* " == *" $module "* ]]; then released+=" $module"; fi
done
[ -n "$released" ] || fail "nothing to release"

[ -z "$(git status --porcelain)" ] || fail "the tree is not clean: what is tagged must be what is committed"
for module in $released; do
	if git rev-parse -q --verify "refs/tags/$module/$version" >/dev/null; then fail "tag $module/$version exists"; fi
done

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
here=$PWD repo=$work/repo
git clone -q --no-checkout . "$repo"
git -C "$repo" checkout -q --detach "$(git rev-parse HEAD)"
for key in user.name user.email; do
	if value=$(git config "$key"); then git -C "$repo" config "$key" "$value"; fi
done

# The downloaded modules must not stay in the user's module cache, where they
# would pass for the published version if the release is repeated.
GOPROXY="file://$(go env GOMODCACHE)/cache/download,$(go env GOPROXY)"
export GOPROXY GOMODCACHE=$work/modcache GOBIN=$work/bin GOFLAGS=-modcacherw
export GOWORK=off GOPRIVATE=$prefix
export GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=url.file://$repo.insteadOf GIT_CONFIG_VALUE_0=https://$prefix

# siblings prints the modules of this repository that the module $1 requires.
siblings() {
	sed -n "s|^.*$prefix/\([^ ]*\) v0\.0\.0\( .*\)\{0,1\}\$|\1|p" "$1/go.mod"
}

# version_of prints the version at which the release requires the sibling $1.
version_of() {
	local latest
	if [[ " $released " == *" $1 "* ]]; then
		echo "$version"
		return
	fi
	latest=$(git -c versionsort.suffix=- tag --list "$1/v*" --sort=-v:refname | head -n 1)
	[ -n "$latest" ] || fail "$1 has no release to require, and is not being released"
	echo "${latest#"$1/"}"
}

refspecs=()
for module in $released; do
	tag=$module/$version
	echo "== $tag"
	cd "$repo/$module"
	for sibling in $(siblings .); do
		at=$(version_of "$sibling")
		go mod edit -dropreplace="$prefix/$sibling" -require="$prefix/$sibling@$at"
	done
	if grep '^replace' go.mod; then fail "$module/go.mod has a replace that is not a sibling's"; fi
	go mod tidy
	go vet ./...
	go test ./...
	git add go.mod
	if [ -e go.sum ]; then git add go.sum; fi
	git --no-pager diff --cached --unified=0 -- go.mod
	git diff --cached --quiet ||
		git commit -q -m "$module: release $version" -m "Require the siblings at their released versions, without replaces."
	git tag -a -m "$module $version" "$tag"
	if [ -d cmd ]; then go install "$prefix/$module/cmd/...@$version"; fi
	refspecs+=("refs/tags/$tag:refs/tags/$tag")
done

cd "$here"
if [ -n "$dry_run" ]; then
	echo "== all is well; a dry run, so these tags are thrown away:"
else
	git fetch -q --no-tags "$repo" "${refspecs[@]}"
	echo "== tagged; publish with: git push origin TAG..., in this order:"
fi
printf '%s\n' "${refspecs[@]#*:refs/tags/}"
