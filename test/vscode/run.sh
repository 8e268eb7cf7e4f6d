#!/usr/bin/env bash
# Runs the ring in a real VS Code. The first time it installs the workbench, which takes some minutes.
#   test/vscode/run.sh [vitest arguments]
#   EIGENLOOM_SCREENSHOTS=/some/folder EIGENLOOM_THEME=light test/vscode/run.sh language
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
bash "$here/install.sh"
cd "$here/../.."
# What this ring imports is there only now: its types and its style are checked here, not with the rest.
npx --no-install tsc --noEmit -p test/vscode
npx --no-install eslint --config test/vscode/eslint.config.mjs test/vscode
exec npm run --silent vscode -- "$@"
