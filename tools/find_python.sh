#!/bin/sh
# Prints the path of a CPython that can make virtual environments, or one line on stderr and exit code 3.
#
#   find_python.sh 3.11            3.11 or later        (PYTHON=/path/to/python is tried alone, if set)
#   find_python.sh 3.11 exactly    3.11.x and no other
#
# Candidates are run, not trusted by name: a version manager's shim may stand for a version that is not selected.
set -eu

wanted=$1
manner=${2:-or_later}
needed="CPython $wanted $(echo "$manner" | tr _ ' ') with the modules venv and ensurepip"
suits='
import sys, ensurepip, venv
wanted, manner = tuple(map(int, sys.argv[1].split("."))), sys.argv[2]
version = sys.version_info[:2]
sys.exit(sys.implementation.name != "cpython" or not (version == wanted or version > wanted and manner == "or_later"))
'

try() {
    command -v "$1" >/dev/null 2>&1 || return 0
    if "$1" -I -c "$suits" "$wanted" "$manner" >/dev/null 2>&1; then
        "$1" -I -c 'import sys; print(sys.executable)'
        exit 0
    fi
}

if [ -n "${PYTHON:-}" ]; then
    try "$PYTHON"
    echo "PYTHON=$PYTHON is not what is needed: $needed" >&2
    exit 3
fi

for name in python3 python3.14 python3.13 python3.12 python3.11; do
    try "$name"
done

if command -v pyenv >/dev/null 2>&1; then
    root=$(pyenv root)
    for version in $(pyenv versions --bare); do
        try "$root/versions/$version/bin/python3"
    done
fi

if command -v uv >/dev/null 2>&1; then
    request=">=$wanted"
    [ "$manner" = or_later ] || request=$wanted
    try "$(uv python find --no-project "$request" 2>/dev/null || true)"
fi

echo "nothing on PATH, in pyenv or in uv is what is needed: $needed" >&2
exit 3
