#!/usr/bin/env bash
# netns.sh [--require] [--race] [go test flags, such as -test.run=Loss]
#
# Tests the models where the network fails (tools/internal/netfault), in a
# network namespace of their own: nothing outside is touched, and where the
# system lets users have namespaces it takes no root. It wants Linux, ip and
# nft (Debian: iproute2, nftables). What is missing or not permitted is said,
# and the tests are skipped; with --require that is a failure.

# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

require='' race=''
while [ $# -gt 0 ]; do
	case $1 in
	--require) require=1 ;;
	--race) race=-race ;;
	*) break ;;
	esac
	shift
done

skip() {
	if [ -n "$require" ]; then fail "$*"; fi
	echo "skipped: $*"
	exit 0
}

# ip and nft are where users may not look for them.
PATH=$PATH:/usr/sbin:/sbin
[ "$(uname -s)" = Linux ] || skip "network namespaces are Linux's"
if ! { command -v ip && command -v nft; } >/dev/null; then apt_install iproute2 nftables || true; fi
for tool in unshare ip nft; do
	command -v $tool >/dev/null || skip "there is no $tool (Debian: apt-get install util-linux iproute2 nftables)"
done

# What the tests do, tried beforehand: a network, a pair of devices in it, a
# rule by which packets are lost.
try='ip link set lo up &&
	ip link add try0 type veth peer name try1 && ip link delete try0 &&
	nft add table inet try &&
	nft "add chain inet try in { type filter hook input priority 0; policy accept; }" &&
	nft add rule inet try in numgen random mod 100 "<" 5 counter drop'

enter=''
for way in "unshare --net" "unshare --user --map-root-user --net"; do
	if said=$($way sh -c "$try" 2>&1); then
		enter=$way
		break
	fi
done
[ -n "$enter" ] || skip "no network namespace, or no veth or nftables in it: ${said##*$'\n'}"

# It is built outside: inside there is no way to a module proxy.
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
go test -c $race -o "$dir/netfault.test" ./tools/internal/netfault
NETFAULT_OUTSIDE=$(readlink /proc/self/ns/net)
export NETFAULT_OUTSIDE
$enter sh -c 'ip link set lo up && exec "$@"' sh "$dir/netfault.test" -test.v -test.timeout=10m "$@"
