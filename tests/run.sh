#!/usr/bin/env bash
# Builds everything once, installs what tests need where that is possible, runs every test project and sums up.
# Usage: ./sophia test [words]   only projects whose path holds one of the words
set -uo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
results="$here/artifacts/test-results"
export SOPHIA_ROOT="$here" DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 SOPHIA_DATA="${SOPHIA_DATA:-$here/../shared/data}"
rm -rf "$results" && mkdir -p "$results"
quietly() { "$@" >"$results/install.log" 2>&1; }

# What is missing and cannot be had is left out here; the tests that want it say so by name.
if ! command -v chromium >/dev/null && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  echo "Installing chromium for the page tests ..." >&2
  { quietly apt-get update && DEBIAN_FRONTEND=noninteractive quietly apt-get install -y --no-install-recommends chromium; } || echo "chromium cannot be installed: page tests will be skipped." >&2
fi
# The tests start servers of their own; a cluster that a package makes at installation is not wanted.
if ! compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null && ! command -v initdb >/dev/null && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  echo "Installing PostgreSQL for the storage tests ..." >&2
  { quietly apt-get update && quietly apt-get install -y --no-install-recommends postgresql-common && sed -i 's/^#*create_main_cluster.*/create_main_cluster = false/' /etc/postgresql-common/createcluster.conf \
    && DEBIAN_FRONTEND=noninteractive quietly apt-get install -y --no-install-recommends postgresql; } || echo "PostgreSQL cannot be installed: its tests will be skipped." >&2
fi
# promtool checks metrics and alerts. The package would also start a server where there is an init, so only the tool is taken out of it.
if ! command -v promtool >/dev/null && command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null; then
  tools="$here/artifacts/tools"
  if [ ! -x "$tools/usr/bin/promtool" ]; then
    mkdir -p "$tools"
    (cd "$tools" && quietly apt-get download prometheus && dpkg-deb -x prometheus_*.deb . && rm -f prometheus_*.deb) || echo "promtool cannot be had: its tests will be skipped." >&2
  fi
  export PATH="$PATH:$tools/usr/bin"
fi
while IFS= read -r package; do
  folder=$(dirname "$package")
  [ -d "$folder/node_modules" ] && continue
  if command -v npm >/dev/null; then
    (cd "$folder" && quietly npm ci --no-audit --no-fund) || echo "npm ci failed in ${folder#"$here"/}: its tests will be skipped." >&2
  else
    echo "There is no npm: the tests of ${folder#"$here"/} will be skipped." >&2
  fi
done < <(find "$here/tests" -name package.json -not -path '*/node_modules/*')

echo "Building ..." >&2
touch "$results/stamp"
if ! dotnet build "$here/Sophia.sln" -c Release -v quiet -clp:ErrorsOnly -nodeReuse:false >"$results/build.log" 2>&1; then
  cat "$results/build.log"
  echo "0 passed, 1 failed"
  exit 1
fi
mv "$results/stamp" "$here/artifacts/InProcess/sophia.stamp"

broken=0
for project in "$here"/tests/*/*.csproj; do
  name=$(basename "$(dirname "$project")")
  if [ $# -gt 0 ]; then
    wanted=0
    for word in "$@"; do case "$name" in *"$word"*) wanted=1 ;; esac; done
    [ $wanted = 1 ] || continue
  fi
  grep -rqs '\[Fact\|\[Theory\|Fact(\|Theory(' "$(dirname "$project")" --include=*.cs || continue
  echo "Testing $name ..." >&2
  lost=0
  dotnet test "$project" -c Release --no-build --results-directory "$results" --logger "trx;LogFileName=$name.trx" \
    --blame-hang --blame-hang-timeout 30m >"$results/$name.log" 2>&1 || {
    awk '/^ *Failed /{ shown = 1; left = 14 } /^ *Stack Trace:/{ shown = 0 } shown && left-- > 0' "$results/$name.log" | cut -c1-400 | head -120
    # Whose host crashed or hung reports the tests before that, and none of them failed.
    awk '/<UnitTestResult / && !/outcome="(Passed|NotExecuted)"/ { failed = 1 } END { exit !failed }' "$results/$name.trx" || lost=1
  }
  [ -f "$results/$name.trx" ] || lost=1
  [ $lost = 0 ] || { broken=$((broken + 1)); echo "$name ended before all of its tests were reported:"; tail -20 "$results/$name.log"; }
done

reports=$(find "$results" -name '*.trx')
[ -n "$reports" ] || { echo "0 passed, $((broken + 1)) failed"; exit 1; }
# shellcheck disable=SC2086
awk -v broken="$broken" '
  function plain(text) { gsub(/&quot;/, "\"", text); gsub(/&lt;/, "<", text); gsub(/&gt;/, ">", text); gsub(/&apos;/, "\047", text); gsub(/&amp;/, "\\&", text); return text }
  function attribute(line, name,   at) { at = match(line, name "=\"[^\"]*\""); return at ? substr(line, at + length(name) + 2, RLENGTH - length(name) - 3) : "" }
  /<UnitTestResult / {
    outcome = attribute($0, "outcome"); test = attribute($0, "testName"); skipped = 0
    if (outcome == "Passed") passed++
    else if (outcome == "NotExecuted") { total_skipped++; skipped = 1; reason = "no reason given" }
    else { failed++; names[failed] = test }
    if (skipped && /\/>[ \r]*$/) { reasons[reason]++; skipped = 0 }
  }
  skipped && /<Message>/ { reason = $0; sub(/.*<Message>/, "", reason); sub(/<\/Message>.*/, "", reason) }
  /<\/UnitTestResult>/ { if (skipped) { reasons[reason]++; skipped = 0 } }
  END {
    failed += broken
    for (i = 1; i <= failed - broken; i++) print "failed: " plain(names[i])
    if (total_skipped) { print "Skipped, by reason:"; for (r in reasons) printf "%6d  %s\n", reasons[r], plain(r) }
    if (passed + failed == 0) { print "0 passed, 1 failed (no test ran)"; exit 1 }
    printf "%d passed, %d failed, %d skipped\n", passed, failed, total_skipped
    exit failed > 0
  }' $reports
