#!/usr/bin/env bash
# redis-benchmark.sh [ROUNDS [REQUESTS]]
#
# Sets the models, speaking RESP, beside redis-server under Redis's own load
# generator, and prints a table in Markdown: the median of ROUNDS (3) rounds of
# REQUESTS (200000) requests each. In every round each server is started, loaded and
# stopped in turn, because a model that polls would disturb the others.
#
# CPU is the processor time of the server, user and kernel, for a request. /proc/PID/stat
# counts it in hundredths of a second, so there are five times as many requests where
# they are pipelined. redis-benchmark has 50 connections; one for a server
# of one client at a time, because the others would only wait.

# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

rounds=${1:-3} requests=${2:-200000}
for n in "$rounds" "$requests"; do
	[[ $n =~ ^[1-9][0-9]*$ ]] || fail "$n: want a number from 1"
done
for tool in redis-server redis-benchmark redis-cli; do
	command -v $tool >/dev/null || fail "$tool is missing; Debian has it in redis-server and redis-tools"
done

port=7391
tmp=$(mktemp -d)
serving=
finish() {
	[ -z "$serving" ] || kill "$serving" 2>/dev/null || true
	rm -rf "$tmp"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

go build -o "$tmp/ioflavors" ./tools/cmd/ioflavors
servers=("redis-server" "multiblocking" "multiblocking --os-threads" "busywait" "eventloop" "eventloop --loops 2" "iouring"
	"redis-server" "singleblocking" "busywait --one-at-a-time")
lone=7 # the servers from here on have one client

# serve starts a server and waits until it answers.
serve() {
	if [ "$1" = redis-server ]; then
		redis-server --port $port --bind 127.0.0.1 --save '' --appendonly no --daemonize no >/dev/null 2>&1 &
	else
		# shellcheck disable=SC2086 # a model and its flags
		"$tmp/ioflavors" serve $1 --protocol resp --addr 127.0.0.1:$port 2>"$tmp/log" &
	fi
	serving=$!
	for ((tries = 0; tries < 100; tries++)); do
		if redis-cli -p $port ping >/dev/null 2>&1; then return; fi
		kill -0 $serving 2>/dev/null || break
		sleep 0.1
	done
	fail "$1 does not serve: $(cat "$tmp/log" 2>/dev/null)"
}

stop() {
	kill $serving
	wait $serving 2>/dev/null || true
	serving=
}

# cpu prints the server's processor time so far, in hundredths of a second.
cpu() { awk '{ sub(/.*\) /, ""); print $12 + $13 }' /proc/$serving/stat; }

# load runs the command $1 with a pipeline of $2 on $3 connections. It prints requests a second, and the
# server's CPU time for a request in µs.
load() {
	local before rate n=$((requests * ($2 > 1 ? 5 : 1)))
	before=$(cpu)
	rate=$(redis-benchmark -p $port -t "$1" -P "$2" -c "$3" -n $n -r 100000 -d 64 --csv | tail -1 | awk -F'"' '{ print $4 }')
	echo "$rate $before $(cpu)" | awk -v n=$n '{ printf "%.0f %.3f\n", $1, ($3 - $2) * 10000 / n }'
}

for ((round = 1; round <= rounds; round++)); do
	for i in "${!servers[@]}"; do
		clients=$((i < lone ? 50 : 1))
		echo "round $round of $rounds: ${servers[i]}" >&2
		serve "${servers[i]}"
		for depth in 1 16; do
			for command in set get; do
				load $command $depth $clients >>"$tmp/$i.$command.$depth"
			done
		done
		stop
	done
done

median() { sort -n | awk '{ v[NR] = $1 } END { printf "%f\n", (NR % 2) ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'; }

cell() { # $1 the file, $2 the column, $3 the format
	awk -v c="$2" '{ print $c }' "$1" | median | awk -v f="$3" '{ printf f, $1 }'
}

echo "| server | connections | SET, -P 1 | GET, -P 1 | SET, -P 16 | GET, -P 16 |"
echo "|---|---|---|---|---|---|"
for i in "${!servers[@]}"; do
	line="| \`${servers[i]}\` | $((i < lone ? 50 : 1)) |"
	for depth in 1 16; do
		for command in set get; do
			line+=" $(cell "$tmp/$i.$command.$depth" 1 '%.0f')/s, $(cell "$tmp/$i.$command.$depth" 2 '%.2f') µs |"
		done
	done
	echo "$line"
done
