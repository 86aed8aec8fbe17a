#!/usr/bin/env bash
# Makes a server and a connector with `sluice new`, builds both as packages of their own that depend on this checkout by path, and runs
# their tests. What it builds stays in SCRATCH (.build/scaffold): the first time takes a cold build of the dependencies, later ones
# only what changed. With --if-warm it does nothing where there is no such build yet.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
scratch=${SCRATCH:-$root/.build/scaffold}

if [ "${1:-}" = --if-warm ] && [ ! -e "$scratch/warm" ]; then
  printf 'scaffold-check: not run, for want of %s: scripts/scaffold-check.sh makes it once\n' "$scratch" >&2
  exit 0
fi
sluice=${SLUICE_BINARY:-$root/.build/debug/sluice}
[ -x "$sluice" ] || { printf 'scaffold-check: no %s: scripts/build.sh --product sluice\n' "$sluice" >&2; exit 1; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$scratch"
# The sources of the dependencies are there already, at the versions that are pinned here: nothing is fetched.
for folder in repositories checkouts artifacts prebuilts; do
  [ -e "$scratch/$folder" ] || [ ! -e "$root/.build/$folder" ] || cp -a "$root/.build/$folder" "$scratch/$folder"
done

for kind in server connector; do
  package=$work/scaffolded-$kind
  "$sluice" new "$kind" "scaffolded-$kind" --directory "$package" --sluice-path "$root" >/dev/null
  cp "$root/Package.resolved" "$package/Package.resolved"
  printf '== a new %s: build and tests\n' "$kind"
  log=$work/$kind.log
  swift build --package-path "$package" --scratch-path "$scratch" --build-tests >"$log" 2>&1 || { grep -E 'error|warning' "$log" | head -n 40 >&2; tail -n 20 "$log" >&2; exit 1; }
  # Warnings of the package itself; those of the checkout are its own build's.
  if grep -F "$package" "$log" | grep -F 'warning:' >&2; then exit 1; fi
  swift test --package-path "$package" --scratch-path "$scratch" --skip-build >>"$log" 2>&1 || { tail -n 60 "$log" >&2; exit 1; }
  grep -E 'Test run with [0-9]+ tests' "$log" | tail -n 1
  # The program speaks MCP: the inspector lists what it offers.
  program=$(swift build --package-path "$package" --scratch-path "$scratch" --show-bin-path)/scaffolded-$kind
  "$sluice" inspect "$program" list tools
done
touch "$scratch/warm"
