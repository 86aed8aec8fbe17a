#!/usr/bin/env bash
# Leaves dist/sluice: the Swift runtime, SQLite and zlib are linked in, so that it runs on a machine without Swift.
set -euo pipefail
cd "$(dirname "$0")/.."

# Exclusive access to variables is checked as the program runs in every other build, the tests and sanitizers among them; what it
# costs on the request path is in docs/adr/0012-release-build.md.
flags=(-c release --product sluice --static-swift-stdlib -Xswiftc -enforce-exclusivity=unchecked)
if [ "$(uname -s)" = Linux ]; then
  # The linker takes the first libsqlite3 on its path; this folder has only the static one.
  archive=$(find /usr/lib -name libsqlite3.a 2>/dev/null | head -n 1)
  if [ -z "$archive" ]; then
    printf 'libsqlite3.a is missing; install libsqlite3-dev\n' >&2
    exit 1
  fi
  mkdir -p .build/static
  ln -sf "$archive" .build/static/libsqlite3.a
  zlib=$(find /usr/lib -name libz.a 2>/dev/null | head -n 1)
  if [ -z "$zlib" ]; then
    printf 'libz.a is missing; install zlib1g-dev\n' >&2
    exit 1
  fi
  ln -sf "$zlib" .build/static/libz.a
  # Nobody loads the program as a library: its symbols need not be found by name, which saves 4 MB that starting would read.
  flags+=(-Xlinker "-L$PWD/.build/static" -Xlinker -lm -Xlinker --no-export-dynamic)
  # A faster allocator. As an object file: the toolchain hides what comes from archives, and the C library must see this.
  allocator=$(find /usr/lib -name libjemalloc_pic.a 2>/dev/null | head -n 1)
  if [ -z "$allocator" ] && command -v apt-get >/dev/null 2>&1; then
    as_root=""
    [ "$(id -u)" -eq 0 ] || as_root="sudo"
    DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq --no-install-recommends libjemalloc-dev </dev/null >/dev/null || true
    allocator=$(find /usr/lib -name libjemalloc_pic.a 2>/dev/null | head -n 1)
  fi
  if [ -n "$allocator" ]; then
    ld -r --whole-archive "$allocator" -o .build/static/jemalloc.o
    flags+=(-Xlinker "$PWD/.build/static/jemalloc.o")
  else
    printf 'libjemalloc-dev is missing: the binary gets the allocator of the C library and is slower\n' >&2
  fi
fi
scripts/build.sh "${flags[@]}"
mkdir -p dist
cp .build/release/sluice dist/sluice
strip dist/sluice 2>/dev/null || true
printf 'dist/sluice: %s\n' "$(du -h dist/sluice | cut -f1)"
