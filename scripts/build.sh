#!/usr/bin/env bash
# swift build with what tells a person that it goes on: a first build takes minutes.
set -euo pipefail
cd "$(dirname "$0")/.."
if [ ! -d .build/checkouts ]; then
  printf 'First build: the dependencies are fetched and compiled, which takes some minutes on two cores.\n' >&2
fi
exec swift build "$@"
