# shellcheck shell=bash
# Sourced by every script here: the same shell options, the same directory, the
# same idea of what the modules are.

set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."

# go.work at the root is the workspace, whatever the caller's environment says;
# a command that must do without it says GOWORK=off itself.
export GOWORK=

prefix=github.com/ioflavors/ioflavors

# modules prints the workspace's modules, one folder a line, dependencies
# first. The house's one dependency rule makes the order: a model needs common
# and no other model, tools may need them all.
modules() {
	echo common
	go list -m | sed "s|^$prefix/||" | grep -vx -e common -e tools
	echo tools
}

# tool prints the path of the developer tool $2 that the module $1 pins, building
# it when Go's build cache does not have it. Such modules are outside the
# workspace, so that what a tool needs raises no version of what we ship.
tool() {
	GOWORK=off go -C "$1" tool -n "$2"
}

# apt_install installs Debian packages, in CI only (CI is set) and as root: nobody
# wants a test to change a machine that is somebody's. It fails where it may not, or
# cannot, and its caller says what is missing.
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
