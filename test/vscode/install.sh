#!/usr/bin/env bash
# Installs what this ring needs beside the project, once per lockfile, and links it here as node_modules.
# code-server builds native modules and wants Node 24: its own Node comes first on the path while it does.
# Complete or absent: what was cut short is begun again.
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
stamp="$(cat "$here/package.json" "$here/package-lock.json" | sha256sum | cut -c1-16)"
place="${XDG_CACHE_HOME:-$HOME/.cache}/eigenloom-vscode/$stamp"

if [ ! -e "$place/complete" ]; then
  echo "-- installing the workbench into $place (some minutes, once)"
  rm -rf "$place"
  mkdir -p "$place"
  cp "$here/package.json" "$here/package-lock.json" "$place/"
  # The second Node first, since the rest is built with it.
  (cd "$place" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error)
  # Native modules are built against the headers that come with that Node: nothing is fetched for them.
  node="$place/node_modules/node24"
  (cd "$place" && PATH="$node/bin:$PATH" npm_config_nodedir="$node" npm rebuild code-server --no-audit --no-fund --loglevel=error)
  touch "$place/complete"
fi
ln -sfn "$place/node_modules" "$here/node_modules"
