#!/usr/bin/env bash
# Builds the modules to WASM: all of them, or those named as arguments.
#
#   modules/build.sh              # everything
#   modules/build.sh chat bank    # these
#   modules/build.sh --list       # what there is
#
# Result: one <name>.wasm per module in $SPACETIME_MODULES_OUT (default: modules/build).
# Settings: CARGO_TARGET_DIR (the guests go to its subfolder `guests`), SPACETIME_WASM_OPT=yes (smaller files, needs
# wasm-opt), SPACETIME_RUSTUP_TIMEOUT_S.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
readonly here target=wasm32-unknown-unknown
out=${SPACETIME_MODULES_OUT:-$here/build}
# Absolute, because cargo runs in several directories.
mkdir -p "$out" "${CARGO_TARGET_DIR:-$here/target}/guests"
out=$(cd "$out" && pwd)
guests=$(cd "${CARGO_TARGET_DIR:-$here/target}/guests" && pwd)
readonly out guests
unset CARGO_BUILD_TARGET CARGO_TARGET_DIR

say() { printf 'modules: %s\n' "$*" >&2; }
fail() { say "$*"; exit 1; }

# Every Cargo package below the given folders, as `name folder`.
packages_in() {
  local manifest
  for manifest in "$@"; do
    printf '%s %s\n' "$(sed -n 's/^name = "\(.*\)"/\1/p;/^\[lib\]/q' "$manifest")" "$(dirname "$manifest")"
  done
}
# fixtures/raw holds no guest package but the assembler, which runs here.
sdk_packages=$(packages_in "$here"/examples/*/Cargo.toml "$here"/fixtures/*/Cargo.toml | grep -v '^assemble ')
pinned_packages=$(packages_in "$here"/fixtures/sdk-versions/*/Cargo.toml)
raw_names=$(basename -s .wat -a "$here"/fixtures/raw/*.wat)
c_names=$(basename -s .c -a "$here"/c/*.c)
assemblyscript_names=scores
all_names=$({ cut -d' ' -f1 <<<"$sdk_packages"; cut -d' ' -f1 <<<"$pinned_packages"; printf '%s\n' "$raw_names" "$c_names" "$assemblyscript_names"; } | sort)
readonly sdk_packages pinned_packages raw_names c_names assemblyscript_names all_names

# The names among $1 (one per line, with or without a folder behind) that were asked for.
wanted_of() { awk 'NR == FNR { want[$1]; next } $1 in want' <(printf '%s\n' "$wanted") <(printf '%s\n' "$1"); }

# Installs the packages $3… unless the program $1 is there; $2 says what for.
require() {
  local program=$1 purpose=$2 root=()
  shift 2
  command -v "$program" >/dev/null && return
  command -v apt-get >/dev/null || fail "$program not found ($purpose): install $*"
  say "installing $* ($purpose)"
  [ "$(id -u)" = 0 ] || root=(sudo)
  "${root[@]}" apt-get update -qq >&2
  "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "$@" >&2
}

# cargo with the guests' toolchain; prints only what it compiles.
guest_cargo() {
  local folder=$1 remap=$'\x1f'--remap-path-prefix=
  shift
  # Panic messages carry source paths: make them the same on every machine.
  (cd "$folder" && env -u RUSTFLAGS RUSTC="$tools/rustc" CARGO_TARGET_DIR="$guests" \
    CARGO_ENCODED_RUSTFLAGS="--remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}=/cargo$remap$here=/modules" \
    "$tools/cargo" build ${CI:+--locked} --release --target "$target" "$@")
}

# Puts a file in place only if it changed, so that what depends on it is not rebuilt in vain.
install_wasm() {
  local from=$1 to
  to=$out/$(basename "$1")
  if [ "${SPACETIME_WASM_OPT:-no}" = yes ]; then
    command -v wasm-opt >/dev/null || fail "SPACETIME_WASM_OPT=yes needs wasm-opt (package binaryen)"
    from=$guests/optimised/$(basename "$1")
    mkdir -p "$guests/optimised"
    # -g keeps the function names for backtraces.
    [ "$from" -nt "$1" ] || wasm-opt -all -O2 -g "$1" -o "$from"
  fi
  if ! cmp -s "$from" "$to"; then
    cp "$from" "$to.new"
    mv "$to.new" "$to"
    say "  $(basename "$to") ($((($(stat -c %s "$to") + 1023) / 1024)) KB)"
  fi
}

build_sdk_modules() {
  local names name arguments=()
  names=$(wanted_of "$sdk_packages" | cut -d' ' -f1)
  [ -n "$names" ] || return 0
  say "compiling the modules of the official SDK"
  for name in $names; do arguments+=(-p "$name"); done
  guest_cargo "$here" "${arguments[@]}"
  for name in $names; do install_wasm "$guests/$target/release/$name.wasm"; done
}

# One lock file per SDK release: cargo accepts only one 2.x of a crate in each.
build_pinned_modules() {
  local name folder
  while read -r name folder; do
    [ -n "$name" ] || continue
    say "compiling $name"
    # Releases that ask for a newer compiler than ours do build with it.
    guest_cargo "$folder" --ignore-rust-version
    install_wasm "$guests/$target/release/$name.wasm"
  done < <(wanted_of "$pinned_packages")
}

build_raw_modules() {
  local names name files=()
  names=$(wanted_of "$raw_names")
  [ -n "$names" ] || return 0
  say "assembling the hand-written modules"
  for name in $names; do files+=("$here/fixtures/raw/$name.wat"); done
  (cd "$here/fixtures/raw" && env -u RUSTFLAGS CARGO_TARGET_DIR="$guests" \
    cargo run --quiet ${CI:+--locked} --release -- "$guests/raw" "${files[@]}")
  for name in $names; do install_wasm "$guests/raw/$name.wasm"; done
}

build_c_modules() {
  local names name
  names=$(wanted_of "$c_names")
  [ -n "$names" ] || return 0
  require clang "it compiles C to wasm" clang
  require wasm-ld "it links wasm" lld
  say "compiling the modules in C"
  mkdir -p "$guests/c"
  for name in $names; do
    # No C library: -fno-builtin keeps the compiler from making a loop a call to itself.
    clang --target=wasm32-unknown-unknown -std=c11 -Wall -Wextra -Wno-unused-parameter -Werror -O2 -mbulk-memory \
      -nostdlib -ffreestanding -fno-builtin -Wl,--no-entry "$here/c/$name.c" -o "$guests/c/$name.wasm"
    install_wasm "$guests/c/$name.wasm"
  done
}

build_assemblyscript_modules() {
  local names name work=$guests/assemblyscript
  names=$(wanted_of "$assemblyscript_names")
  [ -n "$names" ] || return 0
  require npm "it installs the AssemblyScript compiler" nodejs npm
  say "compiling the modules in AssemblyScript"
  mkdir -p "$work"
  # Not in the source folder: nothing is made there.
  cp "$here"/assemblyscript/* "$work"
  if ! cmp -s "$work/package-lock.json" "$work/node_modules/.installed"; then
    (cd "$work" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >&2)
    cp "$work/package-lock.json" "$work/node_modules/.installed"
  fi
  for name in $names; do
    (cd "$work" && node_modules/.bin/asc "$name.ts" -o "$name.wasm" -O3 --debug --runtime incremental \
      --use abort=spacetime/abort)
    install_wasm "$work/$name.wasm"
  done
}

main() {
  local name
  case "${1:-}" in
    --list) printf '%s\n' "$all_names"; return ;;
    -*) sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' "${BASH_SOURCE[0]}" >&2; exit 2 ;;
  esac
  wanted=$all_names
  if [ $# -gt 0 ]; then
    wanted=$(printf '%s\n' "$@")
    for name in "$@"; do
      grep -qx -- "$name" <<<"$all_names" || fail "no module is called '$name' (modules/build.sh --list shows them)"
    done
  fi
  require cc "cargo links the macros' build with it" gcc libc6-dev
  tools=$("$here/toolchain.sh")
  build_sdk_modules
  build_pinned_modules
  build_raw_modules
  build_c_modules
  build_assemblyscript_modules
  say "done: $(wc -l <<<"$wanted") modules in $out"
}

main "$@"
