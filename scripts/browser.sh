#!/usr/bin/env bash
# browser.sh: opens the lab's report in a browser without a window. If there is
# no browser, and CI may not install one, the script says so, and passes.

# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

browser() { command -v chromium || command -v chromium-browser || command -v google-chrome; }

if ! browser >/dev/null; then apt_install chromium || true; fi
if ! browser; then
	echo "SKIPPED: there is no browser, so the report was not opened"
	exit 0
fi
cd tools
go test -count=1 -run Browser -v ./internal/report
