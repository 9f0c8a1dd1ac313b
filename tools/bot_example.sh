#!/bin/sh
# The bot of examples/bot as its users have it: in an environment with nothing but the built wheel, what the bot itself
# requires, and pytest; from a copy, away from the checkout. Arguments go to pytest.
set -eu

workspace=$(mktemp -d)
trap 'rm -rf "$workspace"' EXIT
constraints=$PWD/constraints.txt
python=$(tools/find_python.sh 3.11)
cp -R examples/bot "$workspace/bot"
rm -rf "$workspace/bot/wheels"
# Beside the bot, as its README, Dockerfile and workflow have it.
"${DEV:-.venv-dev}/bin/python" -m hatchling build -t wheel -d "$workspace/bot/wheels"
cd "$workspace"
"$python" -m venv env
PIP_CONSTRAINT=$constraints PIP_BUILD_CONSTRAINT=$constraints PIP_DISABLE_PIP_VERSION_CHECK=1 \
    env/bin/python -m pip install --quiet --quiet bot/wheels/*.whl './bot[test]'
cd bot
# What they import is what they installed: neither the checkout nor the copy's own sources.
rm -rf src
env -u PYTHONPATH ../env/bin/python -m pytest -p no:cacheprovider "$@"
