#!/usr/bin/env bash
# Installs, on Debian and Ubuntu, what tests run against: Glewlwyd, an OpenID provider; pdftotext, by which connectors read
# PDF files; catdoc for the office files of before 2007; unzip, which reads what we packed. Nothing of it is needed to build or to start Sluice. Without it the tests that need it skip, and say so.
set -uo pipefail

[ "$(uname -s)" = Linux ] && command -v apt-get >/dev/null 2>&1 || exit 0
missing=()
command -v glewlwyd >/dev/null 2>&1 || missing+=(glewlwyd)
command -v pdftotext >/dev/null 2>&1 || missing+=(poppler-utils)
command -v unzip >/dev/null 2>&1 || missing+=(unzip)
command -v catdoc >/dev/null 2>&1 || missing+=(catdoc)
[ "${#missing[@]}" -gt 0 ] || exit 0

as_root=""
if [ "$(id -u)" -ne 0 ]; then
  # Nobody is asked for a password for the sake of a test.
  sudo -n true 2>/dev/null || { printf 'test-setup.sh: not root: %s not installed, its tests will be skipped\n' "${missing[*]}" >&2; exit 0; }
  as_root="sudo -n"
fi
printf 'Installing %s for the tests ...\n' "${missing[*]}" >&2
$as_root apt-get update -qq </dev/null >/dev/null 2>&1
# RUNLEVEL=1 keeps a package from starting a server of its own: tests start theirs. One by one: one that is not to be had keeps no other away.
for package in "${missing[@]}"; do
  $as_root env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install -y -qq --no-install-recommends "$package" </dev/null >/dev/null 2>&1 ||
    printf 'test-setup.sh: %s could not be installed: its tests will be skipped\n' "$package" >&2
done
exit 0
