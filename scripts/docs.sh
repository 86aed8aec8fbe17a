#!/usr/bin/env bash
# Renews the snippets of the articles, checks that the public symbols are documented, and makes .build/docs: the documentation of the
# SDK's libraries, from what was built last. A link that leads nowhere fails.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/snippets.py
graphs=.build/symbol-graphs
scripts/symbol_graphs.sh "$graphs"
python3 scripts/doc_coverage.py "$graphs"

docc=$(dirname "$(command -v swiftc)")/docc
[ -x "$docc" ] || { echo "docc is not in this toolchain: the articles were not checked" >&2; exit 1; }
rm -rf .build/docs .build/archives
mkdir -p .build/archives
status=0
for folder in "$graphs"/*; do
  module=$(basename "$folder")
  catalog=()
  [ -d "Sources/$module/$module.docc" ] && catalog=("Sources/$module/$module.docc")
  "$docc" convert "${catalog[@]}" --additional-symbol-graph-dir "$folder" --output-path ".build/archives/$module.doccarchive" \
    --fallback-display-name "$module" --fallback-bundle-identifier "sluice.$module" --diagnostics-file ".build/archives/$module.json" > /dev/null 2>&1 ||
    { echo "$module: docc failed" >&2; exit 1; }
  # Parameters that say themselves need no sentence of their own.
  python3 - "$module" <<'PYTHON' || status=1
import json, sys
found = [
    f"{(item.get('source') or '').split('/main/')[-1]}:{(item.get('range') or {}).get('start', {}).get('line', 0)}: {item['summary']}"
    for item in json.load(open(f'.build/archives/{sys.argv[1]}.json'))['diagnostics'] if 'is missing documentation' not in item['summary']]
print('\n'.join(found), end='\n' if found else '')
sys.exit(1 if found else 0)
PYTHON
done
"$docc" merge .build/archives/*.doccarchive --output-path .build/docs --synthesized-landing-page-name "The MCP SDK of Sluice"
echo "documentation: .build/docs"
exit "$status"
