#!/usr/bin/env bash
# redis.sh: tries go-redis and rueidis on every model. If Redis is there, or CI may
# install it, it also compares the replies of package resp with a real Redis's, and tries
# Redis's own programs; otherwise the script says that it does not.

# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

redis() { command -v redis-server && command -v redis-cli && command -v redis-benchmark; }

if ! redis >/dev/null; then apt_install redis-server redis-tools || true; fi
if redis; then
	go test ./common/resp -rapid.checks=1000 -run '^(TestRepliesAreRediss|TestProtocolErrorsAreRediss|TestBeforeThePasswordItIsLikeRedis)$'
else
	echo "SKIPPED: there is no Redis, so replies were not compared with it, and its programs were not tried"
fi
go test ./tools/internal/redisclients
