#!/bin/sh
# Builds the wheel, installs it into a fresh environment away from the checkout, and runs what it installs.
set -eu

workspace=$(mktemp -d)
trap 'rm -rf "$workspace"' EXIT
"${DEV:-.venv-dev}/bin/python" -m hatchling build -t wheel -d "$workspace"
constraints=$PWD/constraints.txt
python=$(tools/find_python.sh 3.11)
cd "$workspace"
"$python" -m venv env
env/bin/python -m pip install --quiet --quiet --disable-pip-version-check --constraint "$constraints" ./*.whl
env/bin/mockexchange --version
env/bin/mockexchange scenario list
