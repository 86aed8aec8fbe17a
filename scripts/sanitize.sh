#!/usr/bin/env bash
# The tests under Thread Sanitizer, in a build folder of their own. What it reports, of the programs that tests start as well, is in
# .build/sanitize/reports, and makes the exit status 1.
set -uo pipefail
cd "$(dirname "$0")/.."
reports=$PWD/.build/sanitize/reports
rm -rf "$reports"
mkdir -p "$reports"
export SWIFT_BACKTRACE=enable=no SANITIZE=thread TSAN_OPTIONS="log_path=$reports/report${TSAN_OPTIONS:+:$TSAN_OPTIONS}"
if [ "$(uname -s)" = Linux ]; then
  "$(dirname "$(readlink -f "$(command -v swiftc)")")/clang" -O2 -fPIC -shared -o .build/sanitize/runtime.so scripts/sanitize/runtime.c || exit 1
  export TEST_PRELOAD=$PWD/.build/sanitize/runtime.so
fi
scripts/test.sh
status=$?
races=$(cat "$reports"/report* 2>/dev/null | grep -c 'WARNING: ThreadSanitizer')
printf '%d reports of Thread Sanitizer\n' "$races"
[ "$races" -eq 0 ] || status=1
exit "$status"
