#!/bin/sh
# Writes the exact versions of REQUIREMENT... and all they need, as pip chooses them today.
#
#   lock.sh FILE VERSION MANNER REQUIREMENT...
#
# Without hashes, which `hash_lock.sh` writes for what is shipped: one hash in a constraints file switches pip to --require-hashes, which refuses the project itself ("The
# editable requirement ... cannot be installed when requiring hashes, because there is no single file to hash") and each
# requirement of pyproject.toml that is not pinned there too, and another Python may need packages that this one does not.
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
