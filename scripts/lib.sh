# shellcheck shell=bash
# Sourced by every script here: it sets the same shell options, the same
# directory, and the same list of modules.

set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."

# go.work at the root is the workspace, whatever the caller's environment says;
# a command without the workspace sets GOWORK=off itself.
export GOWORK=

prefix=github.com/ioflavors/ioflavors

# modules prints the workspace's modules, one folder a line, dependencies
# first. The only dependency rule gives the order: a model, and stores, need common
# and no model; examples and tools may need them all.
modules() {
	echo common
	go list -m | sed "s|^$prefix/||" | grep -vx -e common -e examples -e tools
	echo examples
	echo tools
}

# tool prints the path of the developer tool $2 that the module $1 pins, and
# builds it if Go's build cache does not have it. Such modules are outside the
# workspace, so that a tool's requirements raise no version of the released
# modules.
tool() {
	GOWORK=off go -C "$1" tool -n "$2"
}

# apt_install installs Debian packages, only in CI (CI is set) and only as root,
# because a test must not change a developer's machine. It fails if it may not or
# cannot install them, and its caller says what is missing.
apt_install() {
	if [ -z "${CI-}" ] || [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then return 1; fi
	echo "installing $*"
	(
		if command -v flock; then # one at a time: apt-get does not wait for another
			exec 9>"${TMPDIR:-/tmp}/ioflavors-apt.lock"
			flock 9
		fi
		apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@"
	) >/dev/null 2>&1
}

fail() {
	echo "$0: $*" >&2
	exit 1
}
