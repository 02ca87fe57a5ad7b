#!/bin/sh
# Runs its arguments with the first Python >= 3.11 that works. Every candidate is executed, since a name on PATH may be a
# shim without a Python behind it. One that can make a whole virtual environment (ensurepip) goes before one that cannot.
root=$(cd "$(dirname "$0")/.." && pwd)

works() {
    command -v "$1" >/dev/null 2>&1 &&
        "$1" -c "import sys; sys.exit(sys.version_info < (3, 11)); " >/dev/null 2>&1 &&
        "$1" -c "import venv, ssl, sqlite3, fcntl, zlib$2" >/dev/null 2>&1
}

if [ -z "$PYTHON" ] && [ -f "$root/.venv/.made" ] && "$root/.venv/bin/python" -c "" >/dev/null 2>&1; then
    exec "$root/.venv/bin/python" "$@"
fi
for extra in ", ensurepip" ""; do
    for candidate in ${PYTHON:-python3.14 python3.13 python3.12 python3.11 python3 python}; do
        if works "$candidate" "$extra"; then exec "$candidate" "$@"; fi
    done
done
echo "netsplit: no Python 3.11 or newer with ssl and sqlite3 was found${PYTHON:+ at PYTHON=$PYTHON}." \
     "Install one, or name it: make run PYTHON=/path/to/python3" >&2
exit 2
