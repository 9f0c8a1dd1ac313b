#!/bin/sh
# The attacks of tests/attacks, each repeated many times. Further arguments go to pytest.
#
#   ATTACK_ROUNDS=  how often each attack is repeated (20)
set -eu
unset PYTHONDONTWRITEBYTECODE
ATTACK_ROUNDS=${ATTACK_ROUNDS:-20}
export ATTACK_ROUNDS
exec "${DEV:-.venv-dev}/bin/python" -m pytest --durations=10 tests/attacks "$@"
