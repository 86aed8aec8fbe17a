#!/usr/bin/env bash
# The tests under Thread Sanitizer, in a build folder of their own.
set -euo pipefail
cd "$(dirname "$0")/.."
export SWIFT_BACKTRACE=enable=no
exec swift test --sanitize=thread --scratch-path .build/sanitize "$@"
