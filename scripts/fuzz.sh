#!/usr/bin/env bash
# Fuzzes every target, or those named, for SECONDS each (60), with libFuzzer where the toolchain has it, else with our own mutations.
# Ends with a line for each target; inputs that were found lie in .build/fuzz/found.
#
#   SECONDS_EACH=300 scripts/fuzz.sh json schema
set -uo pipefail
cd "$(dirname "$0")/.."
seconds=${SECONDS_EACH:-60}
seed=${SEED:-1}
scratch=.build/fuzz
export SWIFT_BACKTRACE=enable=no

flags=(-c release --product fuzz --scratch-path "$scratch")
runtime=$(find "$(dirname "$(readlink -f "$(command -v swiftc)")")/../lib" -name 'libclang_rt.fuzzer_no_main-'"$(uname -m)"'.a' 2>/dev/null | head -n 1)
if [ "$(uname -s)" = Linux ] && [ -n "$runtime" ]; then
  # The front end instruments; the driver must not link libFuzzer's own main beside ours.
  flags+=(-Xswiftc -Xfrontend -Xswiftc -sanitize=fuzzer -Xcc -DSLUICE_LIBFUZZER -Xlinker --whole-archive -Xlinker "$runtime" -Xlinker --no-whole-archive -Xlinker -lstdc++)
else
  printf 'fuzz: this toolchain has no libFuzzer for us: our own mutations, which know nothing of the code, do its work\n'
fi
scripts/build.sh "${flags[@]}" || exit 1
fuzz=$scratch/release/fuzz

targets=("$@")
[ "${#targets[@]}" -gt 0 ] || read -r -d '' -a targets < <("$fuzz" list) || true
mkdir -p "$scratch/found" "$scratch/logs"
status=0
for target in "${targets[@]}"; do
  corpus=$scratch/corpus/$target
  mkdir -p "$corpus"
  if "$fuzz" "$target" "$seconds" "$seed" "-artifact_prefix=$scratch/found/$target-" "$corpus" "Fuzz/Seeds/$target" >"$scratch/logs/$target.log" 2>&1; then
    outcome='nothing found'
  else
    status=1
    outcome="FOUND: $(grep -m 1 -E 'FINDING|ERROR: libFuzzer|Fatal error|SUMMARY' "$scratch/logs/$target.log" | cut -c 1-300)"
  fi
  count=$(sed -nE 's/.*number_of_executed_units: *([0-9]+).*/\1/p' "$scratch/logs/$target.log" | tail -n 1)
  printf '%-14s %12s inputs in %s s  %s\n' "$target" "${count:-?}" "$seconds" "$outcome"
done
exit "$status"
