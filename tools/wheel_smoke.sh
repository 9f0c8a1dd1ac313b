#!/bin/sh
# Builds the wheel, installs it into a fresh environment away from the checkout, and runs what it installs. What it needs
# is held against the hashes of locks/runtime.txt.
set -eu

workspace=$(mktemp -d)
trap 'rm -rf "$workspace"' EXIT
"${DEV:-.venv-dev}/bin/python" -m hatchling build -t wheel -d "$workspace"
locks=$PWD/locks
python=$(tools/find_python.sh 3.11)
cd "$workspace"
"$python" -m venv env
install() { env/bin/python -m pip install --quiet --quiet --disable-pip-version-check "$@"; }
install --require-hashes -r "$locks/runtime.txt"
install --no-deps ./*.whl
env/bin/python -m pip check
env/bin/mockexchange --version
env/bin/mockexchange scenario list
