#!/usr/bin/env bash
# Leaves dist/sluice: the Swift runtime and SQLite are linked in, so that it runs on a machine without Swift.
set -euo pipefail
cd "$(dirname "$0")/.."

flags=(-c release --product sluice --static-swift-stdlib)
if [ "$(uname -s)" = Linux ]; then
  # The linker takes the first libsqlite3 on its path; this folder has only the static one.
  archive=$(find /usr/lib -name libsqlite3.a 2>/dev/null | head -n 1)
  if [ -z "$archive" ]; then
    printf 'libsqlite3.a is missing; install libsqlite3-dev\n' >&2
    exit 1
  fi
  mkdir -p .build/static
  ln -sf "$archive" .build/static/libsqlite3.a
  flags+=(-Xlinker "-L$PWD/.build/static" -Xlinker -lm)
fi
scripts/build.sh "${flags[@]}"
mkdir -p dist
cp .build/release/sluice dist/sluice
strip dist/sluice 2>/dev/null || true
printf 'dist/sluice: %s\n' "$(du -h dist/sluice | cut -f1)"
