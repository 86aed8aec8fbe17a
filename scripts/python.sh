#!/bin/sh
# Makes the Python environments that tests use, .build/venv and others beside it. Does nothing when they are up to date.
set -eu
cd "$(dirname "$0")/.."
PYTHON=${PYTHON:-python3}

fail() {
  echo "python.sh: $1" >&2
  exit 1
}

# environment DIRECTORY REQUIREMENTS
environment() {
  if [ -x "$1/bin/python" ] && cmp -s "$2" "$1/requirements.installed"; then return 0; fi
  command -v "$PYTHON" >/dev/null || fail "python3 is missing. Debian and Ubuntu: apt-get install python3 python3-venv"
  echo "Installing $2 into $1 ..."
  rm -rf "$1"
  mkdir -p "$(dirname "$1")"
  "$PYTHON" -m venv "$1" >/dev/null || fail "python3 cannot make a virtual environment. Debian and Ubuntu: apt-get install python3-venv"
  if ! "$1/bin/pip" install --quiet --disable-pip-version-check --retries 2 --timeout 20 -r "$2" >"$1/pip.log" 2>&1; then
    tail -n 5 "$1/pip.log" >&2
    rm -rf "$1"
    fail "packages of $2 could not be installed. Can https://pypi.org be reached? Tests that need them will be skipped."
  fi
  cp "$2" "$1/requirements.installed"
}

environment .build/venv scripts/python-requirements.txt
environment .build/venv-legacy scripts/python-requirements-legacy.txt
environment .build/venv-fastmcp scripts/python-requirements-fastmcp.txt
environment .build/venv-connectors scripts/python-requirements-connectors.txt
environment .build/venv-oauth scripts/python-requirements-oauth.txt
environment .build/venv-services scripts/python-requirements-services.txt
