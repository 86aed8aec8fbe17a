#!/usr/bin/env bash
# Installs what building Sluice needs and this machine lacks. Quick when nothing is missing.
set -euo pipefail

say() { printf '%s\n' "$*" >&2; }

if ! command -v swift >/dev/null 2>&1; then
  say "Swift is missing. Sluice needs Swift 6.3 or newer: https://www.swift.org/install"
  exit 1
fi
version=$(swift --version 2>/dev/null | sed -nE 's/.*Swift version ([0-9]+)\.([0-9]+).*/\1 \2/p' | head -n 1)
read -r major minor <<<"${version:-0 0}"
if [ "$major" -lt 6 ] || { [ "$major" -eq 6 ] && [ "$minor" -lt 3 ]; }; then
  say "Swift $major.$minor is too old. Sluice needs Swift 6.3 or newer: https://www.swift.org/install"
  exit 1
fi

case "$(uname -s)" in
  Linux)
    # What the Swift packages link: headers and libraries of SQLite and zlib. A C compiler and git come with every Swift toolchain's needs.
    missing=()
    [ -e /usr/include/sqlite3.h ] || missing+=(libsqlite3-dev)
    [ -e /usr/include/zlib.h ] || missing+=(zlib1g-dev)
    command -v git >/dev/null 2>&1 || missing+=(git)
    command -v python3 >/dev/null 2>&1 || missing+=(python3)
    python3 -c 'import ensurepip, venv' >/dev/null 2>&1 || missing+=(python3-venv)
    if [ "${#missing[@]}" -gt 0 ]; then
      if ! command -v apt-get >/dev/null 2>&1; then
        say "Please install with your package manager: ${missing[*]}"
        exit 1
      fi
      as_root=""
      [ "$(id -u)" -eq 0 ] || as_root="sudo"
      say "Installing ${missing[*]} ..."
      $as_root apt-get update -qq </dev/null
      DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq --no-install-recommends "${missing[@]}" </dev/null >/dev/null
    fi
    ;;
  Darwin)
    # SQLite comes with the system. PostgreSQL upstreams load libpq when they are used: brew install libpq.
    ;;
  *) say "Untested system $(uname -s): building may need SQLite's development files." ;;
esac
