#!/usr/bin/env bash
# Format, lint and documentation links. Prints what is wrong and where.
set -uo pipefail
cd "$(dirname "$0")/.."
status=0
swift format lint --recursive --parallel --strict Sources Tests Fuzz Benchmarks Package.swift || status=1
python3 scripts/check_links.py || status=1
exit "$status"
