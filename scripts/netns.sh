#!/usr/bin/env bash
# netns.sh [--require] [--race] [go test flags, such as -test.run=Loss]
#
# Tests the models on a failing network, and the load generator on several
# machines (tools/internal/netfault), in a network namespace of their own. Nothing outside is changed, and if the
# system lets users have namespaces, no root is needed. It needs Linux, ip
# and nft (Debian: iproute2, nftables). If something is missing or not
# permitted, the script says so, and the tests are skipped; with --require
# that is a failure.

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

# Users' PATH may lack the folders of ip and nft.
PATH=$PATH:/usr/sbin:/sbin
[ "$(uname -s)" = Linux ] || skip "network namespaces are Linux's"
if ! { command -v ip && command -v nft; } >/dev/null; then apt_install iproute2 nftables || true; fi
for tool in unshare ip nft; do
	command -v $tool >/dev/null || skip "there is no $tool (Debian: apt-get install util-linux iproute2 nftables)"
done

# A trial of what the tests do: a network, a pair of devices in it, a rule
# that drops packets.
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

# The test is built outside the namespace, which cannot reach a module proxy.
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
go test -c $race -o "$dir/netfault.test" ./tools/internal/netfault
go build -o "$dir/ioflavors" ./tools/cmd/ioflavors
NETFAULT_OUTSIDE=$(readlink /proc/self/ns/net)
NETFAULT_PROGRAM=$dir/ioflavors
export NETFAULT_OUTSIDE NETFAULT_PROGRAM
$enter sh -c 'ip link set lo up && exec "$@"' sh "$dir/netfault.test" -test.v -test.timeout=10m "$@"
