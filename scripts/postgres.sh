#!/usr/bin/env bash
# Installs the PostgreSQL 15 that tests start, with libpq. Nothing else needs it.
set -euo pipefail

[ -x /usr/lib/postgresql/15/bin/postgres ] && exit 0
if ! command -v apt-get >/dev/null 2>&1; then
  printf 'PostgreSQL 15 is not installed: the tests over it skip.\n' >&2
  exit 1
fi
as_root=""
[ "$(id -u)" -eq 0 ] || as_root="sudo"
$as_root apt-get update -qq </dev/null
# The package makes and starts a cluster of its own unless told not to.
$as_root mkdir -p /etc/postgresql-common
[ -e /etc/postgresql-common/createcluster.conf ] || printf 'create_main_cluster = false\n' | $as_root tee /etc/postgresql-common/createcluster.conf >/dev/null
DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq --no-install-recommends postgresql-15 libpq5 </dev/null >/dev/null
