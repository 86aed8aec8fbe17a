#!/usr/bin/env bash
# Installs what the tests need, builds, runs them, and ends with a line that counts them. With SANITIZE=thread under that sanitizer, in a
# build folder of its own; TEST_PRELOAD is a library that is loaded into them.
set -uo pipefail
cd "$(dirname "$0")/.."

# Without them the tests that need Python, or other servers, skip, and say what was not tested.
scripts/python.sh || true
scripts/test-setup.sh || true
[ -x .build/venv/bin/python ] && export SLUICE_PYTHON="${SLUICE_PYTHON:-$PWD/.build/venv/bin/python}"

# Without it the tests over PostgreSQL skip, and say so.
scripts/postgres.sh || true

flags=()
[ -z "${SANITIZE:-}" ] || flags=(--sanitize="$SANITIZE" --scratch-path .build/sanitize)

scripts/build.sh --build-tests ${flags[@]+"${flags[@]}"} || exit 1
log=$(mktemp)
trap 'rm -f "$log"' EXIT
status=0
# A crash report of a bundle of this size takes minutes of a core; the name of the test that ran is in the log.
export SWIFT_BACKTRACE="${SWIFT_BACKTRACE:-enable=no}"
# More tests at once than this take each other's time on few cores.
export SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH="${SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH:-16}"
# One after the other: tests with real time-outs, and those with many processes, each get the machine for themselves.
for group in '^(JSONTests|CedarTests|LedgerTests|GatewayTests|DemoTests|SpecCoverageTests|MCPAuthTests|MCPToolsTests|MCPMacrosTests|SnippetTests|FuzzTests)\.' \
  '^MCPTests\.' '^MCPHTTPTests\.' '^MCPTestingTests\.' '^MCPHummingbirdTests\.' '^ConnectorKitTests\.' '^(SQL|Files|OpenAPI)ConnectorTests\.' '^(Slack|Jira)ConnectorTests\.' \
  '^(GitHub|GoogleDrive|Salesforce)ConnectorTests\.' '^ExamplesTests\.' '^SluiceKitTests\.' '^InteropTests\.'; do
  printf '== %s\n' "$group"
  LD_PRELOAD="${TEST_PRELOAD:-}" swift test --skip-build ${flags[@]+"${flags[@]}"} --parallel --filter "$group" 2>&1 | tee -a "$log" |
    grep -vE '(^|[[:space:]])(◇|✔) (Test|Suite)|Test case passing|^\[[0-9]+/[0-9]+\]|^[0-9-]+T[0-9:+]+ '
  [ "${PIPESTATUS[0]}" -eq 0 ] || status=1
done

total=$(sed -nE 's/.*Test run with ([0-9]+) tests?.*/\1/p' "$log" | awk '{ sum += $1 } END { print sum }')
failed=$(grep -cE '✘ Test (".*"|[A-Za-z_]+\(.*\)).* failed after' "$log")
skipped=$(grep -cE '➜ Test .* skipped' "$log")
if [ "$status" -ne 0 ] && [ "$failed" -eq 0 ]; then failed=1; fi
printf '\n%d passed, %d failed, %d skipped\n' "$(( ${total:-0} - failed - skipped ))" "$failed" "$skipped"
exit "$status"
