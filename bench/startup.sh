#!/usr/bin/env bash
# Measures a built Sophia: seconds until it serves, resident memory when idle. One JSON object a line.
# Usage: bench/startup.sh [runs] [idle seconds]
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
runs=${1:-5} idle=${2:-20} port=$((20000 + RANDOM % 20000))
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$here/sophia" --version >/dev/null # builds where sources are newer
for run in $(seq 1 "$runs"); do
  began=$(date +%s%N)
  "$here/sophia" up --data "$folder/data" --url "http://127.0.0.1:$port" --log error >/dev/null &
  process=$!
  until curl -sf "http://127.0.0.1:$port/live" >/dev/null; do sleep 0.01; done
  served=$(date +%s%N)
  sleep "$idle"
  kilobytes=$(awk '/^VmRSS/ {print $2}' "/proc/$process/status")
  kill -TERM "$process"
  wait "$process"
  printf '{"bench":"startup","figure":"serving after","run":%d,"value":%.3f,"unit":"s","aim":3}\n' "$run" "$(echo "($served - $began) / 1000000000" | bc -l)"
  printf '{"bench":"startup","figure":"idle memory","run":%d,"value":%d,"unit":"MB","aim":250}\n' "$run" "$((kilobytes / 1024))"
done
