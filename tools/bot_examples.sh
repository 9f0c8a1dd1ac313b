#!/bin/sh
# The bots of examples/ as their users have them: in an environment with nothing but the built wheel, what the bots
# require themselves, and pytest; from copies, away from the checkout. Arguments go to pytest.
set -eu

workspace=$(mktemp -d)
trap 'rm -rf "$workspace"' EXIT
constraints=$PWD/constraints.txt
python=$(tools/find_python.sh 3.11)
cp -R examples/bot examples/market_maker "$workspace"
# Beside the bot, as its README, Dockerfile and workflow have it.
rm -rf "$workspace"/*/wheels
"${DEV:-.venv-dev}/bin/python" -m hatchling build -t wheel -d "$workspace/bot/wheels"
cd "$workspace"
"$python" -m venv env
PIP_CONSTRAINT=$constraints PIP_BUILD_CONSTRAINT=$constraints PIP_DISABLE_PIP_VERSION_CHECK=1 \
    env/bin/python -m pip install --quiet --quiet bot/wheels/*.whl './bot[test]' './market_maker[test]'
for bot in bot market_maker; do
    # What they import is what they installed: neither the checkout nor the copy's own sources.
    rm -rf "$bot/src"
    (cd "$bot" && env -u PYTHONPATH ../env/bin/python -m pytest -p no:cacheprovider "$@")
done
