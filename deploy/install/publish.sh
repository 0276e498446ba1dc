#!/usr/bin/env bash
# Makes archives of Sophia that need neither this repository nor, where its runtime pack can be had, any .NET: one program file per platform,
# with checksums and the install scripts, in artifacts/publish; and a package for "dotnet tool install".
# Usage: ./sophia publish [--rid RID]... [--runtime InProcess|Orleans] [--out FOLDER]      RID: linux-x64 linux-arm64 osx-x64 osx-arm64 win-x64, any, or tool
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
runtime=InProcess out="$here/artifacts/publish" rids=()
while [ $# -gt 0 ]; do
  case "$1" in
    --rid) rids+=("${2:?--rid takes a platform}"); shift ;;
    --rid=*) rids+=("${1#--rid=}") ;;
    --runtime) runtime=${2:?}; shift ;;
    --out) out=$(mkdir -p "${2:?--out takes a folder}" && cd "$2" && pwd); shift ;;
    *) sed -n '2,4s/^# //p' "${BASH_SOURCE[0]}" >&2; exit 2 ;;
  esac
  shift
done
[ ${#rids[@]} -gt 0 ] || rids=(linux-x64 linux-arm64 osx-x64 osx-arm64 win-x64 any tool)
mkdir -p "$out"
log="$here/artifacts/publish.log"
: >"$log"
project="$here/src/Silo/Sophia.csproj"
version=$(dotnet msbuild "$project" -getProperty:Version)

# Built apart, so that the ordinary build does not learn of other platforms.
publish() {
  local rid=$1 folder=$2
  shift 2
  dotnet publish "$project" -c Release -v quiet -nodeReuse:false -o "$folder" -p:SophiaRuntime="$runtime" -p:ArtifactsPath="$here/artifacts/publish-$runtime-$rid" \
    -p:DebugType=none "$@" >>"$log" 2>&1
}

sum() { [ $# -gt 0 ] || return 0; if command -v sha256sum >/dev/null; then sha256sum "$@"; else shasum -a 256 "$@"; fi; }

# A program file for one platform: with .NET in it, else for a .NET that is installed, else none. Compiled before it starts where the compiler for that restores.
one() {
  local rid=$1 folder=$2
  local single=(-r "$rid" -p:PublishSingleFile=true -p:IncludeNativeLibrariesForSelfExtract=true)
  local whole=("${single[@]}" --self-contained true)
  if publish "$rid" "$folder" "${whole[@]}" -p:PublishReadyToRun=true; then
    with=".NET in it, compiled"
  elif rm -rf "$folder" && publish "$rid" "$folder" "${whole[@]}"; then
    with=".NET in it"
  else
    rm -rf "$folder"
    publish "$rid" "$folder" "${single[@]}" --self-contained false || return 1
    with="needs the ASP.NET Core runtime 10: the runtime pack of $rid does not restore here"
  fi
  find "$folder" -mindepth 1 -not -name 'Sophia' -not -name 'Sophia.exe' -delete
  if [ -f "$folder/Sophia.exe" ]; then mv "$folder/Sophia.exe" "$folder/sophia.exe.new" && mv "$folder/sophia.exe.new" "$folder/sophia.exe"; else mv "$folder/Sophia" "$folder/sophia"; fi
}

# The same assemblies for every platform, for a .NET that is installed.
any() {
  local folder=$1
  publish any "$folder/program" --self-contained false -p:UseAppHost=false || return 1
  rm -f "$folder"/program/*.pdb "$folder"/program/appsettings*.json "$folder"/program/web.config
  printf '#!/bin/sh\nexec dotnet "$(dirname "$(readlink -f "$0")")/program/Sophia.dll" "$@"\n' >"$folder/sophia"
  printf '@dotnet "%%~dp0program\\Sophia.dll" %%*\r\n' >"$folder/sophia.cmd"
  chmod 755 "$folder/sophia"
  with="needs the ASP.NET Core runtime 10"
}

# A package whose command is sophia, for who has the .NET SDK: "dotnet tool install".
tool() {
  dotnet pack "$project" -c Release -v quiet -nodeReuse:false -o "$out" -p:SophiaTool=true -p:SophiaRuntime="$runtime" -p:ArtifactsPath="$here/artifacts/publish-$runtime-tool" -p:DebugType=none >>"$log" 2>&1
}

made=0
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
for rid in "${rids[@]}"; do
  if [ "$rid" = tool ]; then
    if tool; then
      echo "Sophia.Tool.$version.nupkg  $(($(wc -c <"$out/Sophia.Tool.$version.nupkg") / 1048576)) MiB, on $runtime, for dotnet tool install --source"
      made=$((made + 1))
    else
      echo "tool: cannot be made here: $(grep -o 'error [A-Z]*[0-9]*: [^[]*' "$log" | tail -1)" >&2
    fi
    continue
  fi
  name="sophia-$version-$rid"
  folder="$scratch/$name"
  mkdir -p "$folder"
  if { [ "$rid" = any ] && any "$folder"; } || { [ "$rid" != any ] && one "$rid" "$folder"; }; then
    cp "$here/.env.example" "$folder/"
    tar -C "$scratch" -czf "$out/$name.tar.gz" "$name"
    echo "$name.tar.gz  $(($(wc -c <"$out/$name.tar.gz") / 1048576)) MiB, on $runtime, $with"
    made=$((made + 1))
  else
    echo "$rid: cannot be made here: $(grep -o 'error [A-Z]*[0-9]*: [^[]*' "$log" | tail -1)" >&2
  fi
  rm -rf "$folder"
done
cp "$here/deploy/install/install.sh" "$here/deploy/install/install.ps1" "$out/"
(cd "$out" && sum $(ls | grep -E '^(sophia-.*\.tar\.gz|Sophia\.Tool\..*\.nupkg)$') >SHA256SUMS)
echo "Archives, SHA256SUMS and install scripts are in $out"
[ "$made" -gt 0 ]
