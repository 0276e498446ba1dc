#!/bin/sh
# Installs Sophia for this account. Needs no root and touches nothing but the two folders that it names.
#   install.sh [--from FOLDER|URL] [--to FOLDER] [--bin FOLDER]   from: where the archives lie; default: beside this script
#   install.sh --uninstall [--to FOLDER] [--bin FOLDER]           the data stays
set -eu
from='' to="$HOME/.local/lib/sophia" bin="$HOME/.local/bin" uninstall=''
say() { printf '%s\n' "$*"; }
fail() { printf '%s\n' "$*" >&2; exit 1; }
while [ $# -gt 0 ]; do
  case "$1" in
    --from) from=${2:?--from takes a folder or a URL}; shift ;;
    --to) to=${2:?--to takes a folder}; shift ;;
    --bin) bin=${2:?--bin takes a folder}; shift ;;
    --uninstall) uninstall=yes ;;
    *) fail "Unknown: $1. Usage: install.sh [--from FOLDER|URL] [--to FOLDER] [--bin FOLDER] [--uninstall]" ;;
  esac
  shift
done

if [ -n "$uninstall" ]; then
  [ -f "$to/.sophia-installed" ] || fail "There is no Sophia in $to."
  case "$(readlink "$bin/sophia" 2>/dev/null || true)" in "$to"/*) rm -f "$bin/sophia" ;; esac
  rm -rf "$to" "${DOTNET_BUNDLE_EXTRACT_BASE_DIR:-$HOME/.net}/sophia" # The second is where the program file unpacks a library.
  say "Sophia is gone from $to and $bin. Your data stays where it was (${SOPHIA_HOME:-by default ~/.local/share/sophia, on a Mac ~/Library/Application Support/sophia})."
  exit 0
fi

case "$(uname -s)-$(uname -m)" in
  Linux-x86_64) rid=linux-x64 ;;
  Linux-aarch64) rid=linux-arm64 ;;
  Darwin-x86_64) rid=osx-x64 ;;
  Darwin-arm64) rid=osx-arm64 ;;
  *) rid=any ;;
esac
if [ "${rid%%-*}" = linux ] && { ldd --version 2>&1 || true; } | grep -qi musl; then rid=any; fi
if [ -z "$from" ]; then
  from=$(cd "$(dirname "$0")" 2>/dev/null && pwd) && [ -f "$from/SHA256SUMS" ] || fail "Say where the archives lie: --from FOLDER or --from https://…"
fi

mkdir -p "$to" "$bin"
to=$(cd "$to" && pwd) bin=$(cd "$bin" && pwd)
if [ -n "$(ls -A "$to")" ] && [ ! -f "$to/.sophia-installed" ]; then fail "$to holds something else already; choose another folder with --to."; fi
new="$to/.new.$$"
mkdir "$new"
trap 'rm -rf "$new"' EXIT
fetch() {
  case "$from" in
    https://* | http://*)
      if command -v curl >/dev/null; then curl -fsSL "${from%/}/$1" -o "$2"; elif command -v wget >/dev/null; then wget -q "${from%/}/$1" -O "$2"; else fail "Neither curl nor wget is here."; fi ;;
    *) cp "$from/$1" "$2" ;;
  esac || fail "$from/$1 cannot be had."
}

fetch SHA256SUMS "$new/SHA256SUMS"
line=$(grep -E "  \*?sophia-[0-9A-Za-z.+-]*-$rid\.tar\.gz\$" "$new/SHA256SUMS" | tail -1 || true)
[ -n "$line" ] || line=$(grep -E '  \*?sophia-[0-9A-Za-z.+-]*-any\.tar\.gz$' "$new/SHA256SUMS" | tail -1 || true)
[ -n "$line" ] || fail "$from has no archive for $rid."
archive=${line##* }
archive=${archive#\*}
fetch "$archive" "$new/$archive"
if command -v sha256sum >/dev/null; then found=$(sha256sum "$new/$archive"); else found=$(shasum -a 256 "$new/$archive"); fi
[ "${found%% *}" = "${line%% *}" ] || fail "$archive is not what SHA256SUMS says: nothing was installed."
tar -C "$new" -xzf "$new/$archive"
name=${archive%.tar.gz}
[ -x "$new/$name/sophia" ] || fail "$archive holds no program: nothing was installed."

: >"$to/.sophia-installed"
for old in "$to"/sophia-*; do [ -d "$old" ] && rm -rf "$old"; done
mv "$new/$name" "$to/$name"
ln -sf "$to/$name/sophia" "$bin/sophia"
said=$("$bin/sophia" --version 2>&1) || fail "It is installed in $to but does not start: $said"
say "Sophia $said is in $to/$name, as $bin/sophia."
case ":$PATH:" in *":$bin:"*) ;; *) say "Put it on your path: export PATH=\"$bin:\$PATH\"" ;; esac
say "Begin with: sophia up        What may be missing: sophia doctor        Remove it: install.sh --uninstall"
