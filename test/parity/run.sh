#!/usr/bin/env bash
# Runs the parity ring in a virtual environment of its own, made once per requirements.txt and Python version.
#   PYTHON=/path/to/python test/parity/run.sh      an environment that is already there
#   test/parity/run.sh [vitest arguments]
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
root="$(cd "$here/../.." && pwd)"

if [ -z "${PYTHON:-}" ]; then
  base="${EIGENLOOM_PYTHON:-$(command -v python3.11 || command -v python3)}"
  stamp="$({ "$base" --version; cat "$here/requirements.txt"; } | sha256sum | cut -c1-16)"
  venv="${XDG_CACHE_HOME:-$HOME/.cache}/eigenloom-parity/$stamp"
  if [ ! -e "$venv/complete" ]; then
    rm -rf "$venv"
    "$base" -m venv "$venv"
    "$venv/bin/python" -m pip install -qq --disable-pip-version-check --only-binary :all: --no-deps \
      -r "$here/requirements.txt"
    "$venv/bin/python" -m pip check
    touch "$venv/complete"
  fi
  PYTHON="$venv/bin/python"
fi
export PYTHON

cd "$root"
npm run --silent build
exec npm run --silent parity -- "$@"
