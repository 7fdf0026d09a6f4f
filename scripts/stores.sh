#!/usr/bin/env bash
# stores.sh: tests the stores of module stores with a real Redis, Redis Cluster and etcd,
# which CI installs if it may, and kills a process with a bolt file 50 times. What is not
# installed is said, and not tested.

# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

if ! command -v redis-server >/dev/null || ! command -v redis-cli >/dev/null; then apt_install redis-server redis-tools || true; fi
if ! command -v etcd >/dev/null; then apt_install etcd-server || true; fi
for server in redis-server redis-cli etcd; do
	command -v "$server" >/dev/null || echo "SKIPPED: there is no $server, so its tests are left out"
done
BOLT_KILLS=50 go test -count=1 ./stores/...
