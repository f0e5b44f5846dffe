#!/usr/bin/env bash
# Builds the chat's web client into $SPACETIME_MODULES_OUT/chat-web (default: modules/build/chat-web): files for any
# web server. `config.json` among them says which gateway and module it talks to.
#
# Settings: SPACETIME_MODULES_OUT, CARGO_TARGET_DIR (npm's packages go to its subfolder `web`).
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
out=${SPACETIME_MODULES_OUT:-$here/build}/chat-web
work=${CARGO_TARGET_DIR:-$here/target}/web/chat
readonly here out work

say() { printf 'web: %s\n' "$*" >&2; }

command -v npm >/dev/null || { say 'npm not found: run tools/setup'; exit 1; }
mkdir -p "$work" "$out"
# Not in the source folder: nothing is made there. What is gone from it must be gone here, too.
rm -rf "$work/src" "$work/public"
(cd "$here/examples/chat/web" && cp -R src public ./*.json ./*.ts index.html "$work")
if ! cmp -s "$work/package-lock.json" "$work/node_modules/.installed"; then
  say "installing npm packages"
  # Scripts of packages are not needed, and would run as whoever builds.
  (cd "$work" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >&2)
  cp "$work/package-lock.json" "$work/node_modules/.installed"
fi
say "building the chat's web client"
(cd "$work" && npm run --silent build -- --logLevel warn --emptyOutDir --outDir "$(cd "$out" && pwd)" >&2)
say "done: $out"
