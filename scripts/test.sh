#!/usr/bin/env bash
# Installs what the tests need, builds, runs them, and ends with a line that counts them.
set -uo pipefail
cd "$(dirname "$0")/.."

# Without it the tests that need Python skip, and say what was not tested.
scripts/python.sh || true

scripts/build.sh --build-tests || exit 1
log=$(mktemp)
trap 'rm -f "$log"' EXIT
swift test --skip-build --parallel 2>&1 | tee "$log" | grep -vE '(^|[[:space:]])(◇|✔) (Test|Suite)|Test case passing|^\[[0-9]+/[0-9]+\]'
status=${PIPESTATUS[0]}

total=$(sed -nE 's/.*Test run with ([0-9]+) tests?.*/\1/p' "$log" | tail -n 1)
failed=$(grep -cE '✘ Test (".*"|[A-Za-z_]+\(.*\)).* failed after' "$log")
skipped=$(grep -cE '➜ Test .* skipped' "$log")
if [ "$status" -ne 0 ] && [ "$failed" -eq 0 ]; then failed=1; fi
printf '\n%d passed, %d failed, %d skipped\n' "$(( ${total:-0} - failed - skipped ))" "$failed" "$skipped"
exit "$status"
