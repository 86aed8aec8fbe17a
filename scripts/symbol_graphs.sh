#!/usr/bin/env bash
# symbol_graphs.sh FOLDER: the public symbols of the SDK's libraries, as the compiler sees them, from what was built last.
set -euo pipefail
cd "$(dirname "$0")/.."
out=$1
modules=$PWD/.build/debug/Modules
[ -d "$modules" ] || { echo "Build first: swift build --build-tests" >&2; exit 1; }

# The C modules that the libraries were built with: those that SwiftPM wrote maps for, and those of the packages themselves.
flags=(-I "$modules")
while IFS= read -r map; do flags+=(-Xcc "-fmodule-map-file=$map"); done < <(
  { ls .build/debug/*.build/module.modulemap | grep -v -- '-tool.build/'
    find .build/checkouts/*/Sources/*/include Sources/*/include -maxdepth 1 -name module.modulemap; } 2>/dev/null |
    while IFS= read -r map; do
      printf '%s %s/%s\n' "$(sed -nE 's/^[[:space:]]*(framework )?module "?([A-Za-z0-9_]+).*/\2/p' "$map" | head -n 1)" "$PWD" "$map"
    done | sort -u -k1,1 | cut -d' ' -f2-)

target=$(swiftc -print-target-info | python3 -c 'import json, sys; print(json.load(sys.stdin)["target"]["triple"])')
rm -rf "$out"
for module in MCP MCPHTTP MCPTools MCPToolMacros MCPAuth MCPTesting MCPHummingbird; do
  [ -e "$modules/$module.swiftmodule" ] || { echo "$module is not built" >&2; continue; }
  mkdir -p "$out/$module"
  swift symbolgraph-extract -module-name "$module" "${flags[@]}" -target "$target" -minimum-access-level public \
    -skip-synthesized-members -output-dir "$out/$module"
done
