#!/usr/bin/env bash
# Finds or makes a Rust toolchain that compiles for wasm32-unknown-unknown.
#
# Prints one line on stdout: a directory with `cargo` and `rustc` that can do it. Progress goes to stderr.
# Tried in this order, the cheap ones first:
#   1. the target is installed already;
#   2. a toolchain made by an earlier run of this script (under $XDG_CACHE_HOME, ~200 MB, safe to delete);
#   3. `rustup target add`;
#   4. std compiled here, from the source package Debian carries for exactly this compiler (no root needed);
#   5. Debian's own compiler and source, installed beside rustup with apt (root or sudo needed).
set -euo pipefail

readonly target=wasm32-unknown-unknown
readonly cache="${XDG_CACHE_HOME:-$HOME/.cache}/spacetime-toolchain"

say() { printf 'toolchain: %s\n' "$*" >&2; }
fail() { say "$*"; exit 1; }

# Does the sysroot $1 hold a standard library for the target?
has_target() { compgen -G "$1/lib/rustlib/$target/lib/libcore-*.rlib" >/dev/null; }

# Runs a long command with its output in a log file, a line of life every ten seconds, and the log's end if it fails.
with_progress() {
  local what=$1 log=$2 began=$SECONDS running
  shift 2
  say "$what"
  "$@" >"$log" 2>&1 &
  running=$!
  while kill -0 "$running" 2>/dev/null; do
    sleep 1
    if (((SECONDS - began) % 10 == 0 && SECONDS > began)) && kill -0 "$running" 2>/dev/null; then
      say "  … $((SECONDS - began)) s: $(tail -n 1 "$log" | cut -c 1-100)"
    fi
  done
  wait "$running" || { tail -n 30 "$log" >&2; say "failed: $what (whole log: $log)"; return 1; }
}

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else
    command -v sudo >/dev/null || fail "need root for: $* (no sudo on this machine)"
    sudo "$@"
  fi
}

# --- 3. rustup ------------------------------------------------------------------------------------------------------

rustup_adds_target() {
  command -v rustup >/dev/null || return 1
  say "asking rustup for the target $target"
  local answer
  # One attempt: behind a firewall the default of several retries costs minutes.
  if answer=$(env -u RUST_BACKTRACE RUSTUP_MAX_RETRIES=0 timeout "${SPACETIME_RUSTUP_TIMEOUT_S:-120}" \
    rustup target add "$target" 2>&1) && has_target "$(rustc --print sysroot)"; then return 0; fi
  say "rustup could not install it ($(grep -m 1 '^error' <<<"$answer" || echo 'no answer in time'))"
  return 1
}

# --- 4. and 5. our own sysroot --------------------------------------------------------------------------------------

# Base addresses of the Debian archive as this machine's apt knows them. Third-party archives may slip in;
# apt's signature check against Debian's own keyring sorts them out later.
debian_mirrors() {
  local codename
  # shellcheck source=/dev/null
  codename=$(. /etc/os-release && printf '%s' "${VERSION_CODENAME:-}")
  # shellcheck disable=SC2016 # apt-get expands these
  # --no-release-info: also list what was never downloaded (a fresh container has no package lists).
  apt-get indextargets --no-release-info --format '$(COMPONENT) $(RELEASE) $(REPO_URI)' "Created-By: Packages" |
    awk -v codename="$codename" '$1 == "main" && $2 == codename && !seen[$3]++ { print $3 }'
}

# An apt of its own below $1, reading suites newer than this machine's: the system's apt set-up stays untouched.
private_apt() {
  local root=$1 program=$2
  shift 2
  "$program" -o Dir::State="$root/state" -o Dir::State::Lists="$root/lists" -o Dir::State::Status="$root/status" \
    -o Dir::Cache="$root/cache" -o Dir::Etc::SourceList="$root/sources.list" -o Dir::Etc::SourceParts=/dev/null \
    -o Dir::Etc::Preferences=/dev/null -o Dir::Etc::PreferencesParts=/dev/null \
    -o APT::Sandbox::User=root -o Acquire::Languages=none -o Acquire::Retries=2 \
    -o Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false "$@"
}

# Unpacks the standard library's source of compiler version $1 below $2, and prints its `library` directory.
fetch_std_source() {
  local version=$1 work=$2 root=$2/apt keyring=/usr/share/keyrings/debian-archive-keyring.gpg mirror package
  command -v apt-get >/dev/null || { say "no apt on this machine"; return 1; }
  mkdir -p "$root"/{state,lists/partial,cache/archives/partial}
  : >"$root/status"
  while read -r mirror; do
    printf 'deb [signed-by=%s] %s %s main\n' "$keyring" "$mirror" trixie "$keyring" "$mirror" trixie-backports \
      >"$root/sources.list"
    with_progress "reading the package lists of trixie and trixie-backports" "$work/apt-update.log" \
      private_apt "$root" apt-get update -o APT::Update::Error-Mode=any || continue
    package=$(private_apt "$root" apt-cache madison rust-src | awk -v version="$version" '
      index($3, version "+") == 1 || index($3, version "-") == 1 { print $3; exit }')
    [ -n "$package" ] || { say "this mirror has no rust-src of $version"; continue; }
    (cd "$work" && with_progress "downloading rust-src $package (45 MB)" "$work/apt-download.log" \
      private_apt "$root" apt-get download "rust-src=$package") || continue
    say "unpacking it"
    dpkg -x "$work"/rust-src_*.deb "$work/source"
    printf '%s\n' "$work/source/usr/src/rustc-$version/library"
    return 0
  done < <(debian_mirrors)
  return 1
}

# Compiles std from the source in $1 with the compiler $2 and cargo $3 in the work directory $4,
# and lays a sysroot out in $5. Extra environment for cargo may follow as further arguments.
make_sysroot() {
  local library=$1 rustc=$2 cargo=$3 work=$4 out=$5 host real_sysroot
  local remap=$'\x1f'--remap-path-prefix=
  shift 5
  host=$("$rustc" -vV | sed -n 's/^host: //p')
  real_sysroot=$(readlink -f "$("$rustc" --print sysroot)")
  mkdir -p "$work/empty/src" "$out/lib/rustlib/$target/lib" "$out/bin"
  : >"$work/empty/src/lib.rs"
  printf '[package]\nname = "empty"\nversion = "0.0.0"\nedition = "2021"\n[workspace]\n' >"$work/empty/Cargo.toml"
  # Panic messages must not show this machine's directories.
  (cd "$work/empty" && with_progress "compiling the standard library for $target (one to three minutes)" \
    "$work/build-std.log" env -u CARGO_BUILD_TARGET -u RUSTFLAGS "$@" RUSTC="$rustc" RUSTC_BOOTSTRAP=1 \
    __CARGO_TESTS_ONLY_SRC_ROOT="$library" CARGO_TARGET_DIR="$work/target" CARGO_TERM_COLOR=never \
    CARGO_ENCODED_RUSTFLAGS="-Cembed-bitcode=yes$remap$library=/rustc/library$remap${CARGO_HOME:-$HOME/.cargo}=/cargo" \
    "$cargo" build --release -Z build-std=std,panic_abort --target "$target") || return 1
  find "$work/target/$target/release/deps" -name '*.rlib' ! -name 'libempty-*' \
    -exec cp -t "$out/lib/rustlib/$target/lib" {} +
  ln -sfn "$real_sysroot/lib/rustlib/$host" "$out/lib/rustlib/$host"
  # A wrapper rather than a copied toolchain: nothing of rustup's is duplicated or changed.
  printf '#!/bin/sh\nexec "%s" --sysroot "%s" "$@"\n' "$rustc" "$cache/$(basename "$out")" >"$out/bin/rustc"
  chmod +x "$out/bin/rustc"
  ln -sfn "$cargo" "$out/bin/cargo"
}

# Moves a finished sysroot to its place in one step, so that a broken run never leaves half a toolchain.
install_sysroot() {
  local made=$1 place
  place=$cache/$(basename "$made")
  rm -rf "$place"
  mv "$made" "$place"
  printf '%s/bin\n' "$place"
}

build_with_this_compiler() {
  local work=$1 version=$2 name=$3 rustc cargo library sysroot
  sysroot=$(readlink -f "$(rustc --print sysroot)")
  # The real programs, not rustup's proxies: the result must not depend on the directory it is used in.
  rustc=$sysroot/bin/rustc cargo=$sysroot/bin/cargo
  [ -x "$cargo" ] || cargo=$(command -v cargo)
  library=$(fetch_std_source "$version" "$work") || return 1
  make_sysroot "$library" "$rustc" "$cargo" "$work" "$work/$name" || return 1
  install_sysroot "$work/$name"
}

# Debian ships a recent compiler for building browsers; its source package is always of the same version.
build_with_debians_compiler() {
  local work=$1 name=$2 version linker
  say "installing Debian's own Rust and its source (rustc-web cargo-web rust-web-src lld)"
  as_root apt-get update -qq >&2
  linker=$(apt-cache --names-only search '^lld-[0-9]+$' | awk '{print $1}' | sort -V | tail -n 1)
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends \
    rustc-web cargo-web rust-web-src "${linker:?no lld package}" >&2
  version=$(/usr/bin/rustc -vV | sed -n 's/^release: //p')
  make_sysroot "/usr/src/rustc-$version/library" /usr/bin/rustc /usr/bin/cargo "$work" "$work/$name" \
    CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER="wasm-ld-${linker#lld-}" || return 1
  # Debian's compiler brings no linker for wasm of its own; build scripts and macros still need the native one.
  printf '#!/bin/sh\ncase " $* " in *" %s "*) set -- -Clinker=wasm-ld-%s "$@" ;; esac\nexec "%s" --sysroot "%s" "$@"\n' \
    "$target" "${linker#lld-}" /usr/bin/rustc "$cache/$name" >"$work/$name/bin/rustc"
  install_sysroot "$work/$name"
}

main() {
  command -v rustc >/dev/null || fail "need Rust: rustc is not on the PATH"
  command -v cargo >/dev/null || fail "need Rust: cargo is not on the PATH"
  local sysroot identity version name place work
  sysroot=$(rustc --print sysroot)
  if has_target "$sysroot"; then printf '%s/bin\n' "$sysroot"; return; fi

  # The commit as well as the version: an rlib only loads in the compiler that made it.
  identity=$(rustc -vV)
  version=$(sed -n 's/^release: //p' <<<"$identity")
  name=rust-$version-$(sed -n 's/^commit-hash: \(.\{9\}\).*/\1/p' <<<"$identity")
  mkdir -p "$cache"
  # One builder at a time; a second one waits and then finds the result.
  exec 9>"$cache/lock"
  flock -n 9 || { say "another run is making the toolchain; waiting"; flock 9; }
  for place in "$cache/$name" "$cache/debian-for-$name"; do
    if has_target "$place" && "$place/bin/rustc" -vV >/dev/null 2>&1; then printf '%s/bin\n' "$place"; return; fi
  done

  if rustup_adds_target; then printf '%s/bin\n' "$sysroot"; return; fi
  work=$(mktemp -d "$cache/work.XXXXXX")
  # shellcheck disable=SC2064 # expanded now: `work` is gone when the trap runs
  trap "rm -rf '$work'" EXIT
  build_with_this_compiler "$work" "$version" "$name" ||
    build_with_debians_compiler "$work" "debian-for-$name" ||
    { trap - EXIT; fail "no toolchain for $target; logs are in $work"; }
  say "ready: kept in $cache for the next time"
}

main
