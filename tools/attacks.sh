#!/bin/sh
# The attacks of tests/attacks, each repeated many times, then random bytes, then good clients beside bad ones. Further
# arguments go to pytest.
#
#   ATTACK_ROUNDS=  how often each attack is repeated (20)
set -eu
unset PYTHONDONTWRITEBYTECODE
ATTACK_ROUNDS=${ATTACK_ROUNDS:-20}
export ATTACK_ROUNDS
python=${DEV:-.venv-dev}/bin/python
"$python" -m pytest --durations=10 tests/attacks "$@"
"$python" -m benchmarks.fuzz
exec "$python" -m benchmarks.hostile
