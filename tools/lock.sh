#!/bin/sh
# Writes the exact versions of REQUIREMENT... and all they need, as pip chooses them today.
#
#   lock.sh FILE VERSION MANNER REQUIREMENT...
set -eu

file=$1 version=$2 manner=$3
shift 3

workspace=$(mktemp -d)
trap 'rm -rf "$workspace"' EXIT
: >"$workspace/unconstrained"
"$(dirname "$0")/environment.sh" "$workspace/env" "$workspace/unconstrained" "$version" "$manner" "$@"
"$workspace/env/bin/python" -m pip freeze --exclude mockexchange >"$workspace/versions"
{
    echo "# Made by \`make lock\`; do not edit. Exact versions keep a run repeatable."
    LC_ALL=C sort -f "$workspace/versions"
} >"$file"
echo "$file: $(grep -c '==' "$file") exact versions"
