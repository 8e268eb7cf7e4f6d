#!/usr/bin/env bash
# Runs the ring of the panels' pages in Chromium, which has to be there (Debian: apt-get install chromium), or be named
# by EIGENLOOM_CHROMIUM.
#   test/webview/run.sh [vitest arguments]
#   EIGENLOOM_SCREENSHOTS=/some/folder test/webview/run.sh
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
npm ci --prefix "$here" --ignore-scripts --no-audit --no-fund --loglevel=error
cd "$here/../.."
# What this ring imports is there only now: its types and its style are checked here, not with the rest.
npx --no-install tsc --noEmit -p test/webview
npx --no-install eslint --config test/webview/eslint.config.mjs test/webview
npm run --silent build
exec npx --no-install vitest run --config test/webview/vitest.config.mts "$@"
