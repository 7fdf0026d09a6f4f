#!/usr/bin/env bash
# redis.sh: compares the replies of package resp with a real Redis's, and tries Redis's own
# programs on every model. Without them these tests are skipped.

# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

for program in redis-server redis-cli redis-benchmark; do
	if ! command -v $program >/dev/null; then
		apt_install redis-server redis-tools || fail "$program is missing: install redis-server and redis-tools"
		break
	fi
done

go test ./common/resp -rapid.checks=1000 -run '^(TestRepliesAreRediss|TestProtocolErrorsAreRediss|TestBeforeThePasswordItIsLikeRedis)$'
go test ./tools/internal/redisclients
