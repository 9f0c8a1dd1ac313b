#!/bin/sh
# Writes the exact versions of REQUIREMENT... and all they need, each with the hashes of its files for any system.
#
#   hash_lock.sh FILE CONSTRAINTS VERSION REQUIREMENT...    or, for what a project needs: pyproject.toml
#
# The versions are those of CONSTRAINTS; VERSION is the lowest Python. What is installed from FILE is checked by
# `pip install --require-hashes`; the project itself has no file to hash, and is installed after it, with --no-deps.
set -eu

file=$1 constraints=$2 version=$3
shift 3

workspace=$(mktemp -d)
trap 'rm -rf "$workspace"' EXIT
"$(tools/find_python.sh "$version")" -m venv "$workspace/env"
"$workspace/env/bin/python" -m pip install --quiet --quiet --disable-pip-version-check uv
printf '%s\n' "$@" >"$workspace/requirements.in"
source=$workspace/requirements.in
[ ! -f "$1" ] || source=$1
"$workspace/env/bin/uv" --quiet pip compile --universal --python-version "$version" --generate-hashes --no-header \
    --no-annotate --constraints "$constraints" --output-file "$workspace/requirements.txt" "$source"
{
    echo "# Made by \`make lock\`; do not edit. Versions and hashes: a file that was changed is not installed."
    cat "$workspace/requirements.txt"
} >"$file"
echo "$file: $(grep -c '==' "$file") exact versions with hashes"
