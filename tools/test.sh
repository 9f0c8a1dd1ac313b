#!/bin/sh
# The whole suite, in parallel; pytest's own summary is the last thing printed. Arguments go to pytest.
# Not more than 8 workers: each may run servers of its own, and a big machine gains nothing beyond.
set -eu
exec "${DEV:-.venv-dev}/bin/python" -m pytest --numprocesses auto --maxprocesses 8 --dist worksteal "$@"
