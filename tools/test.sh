#!/bin/sh
# The tests, in parallel; pytest's own summary is the last thing printed. Further arguments go to pytest.
#
#   tools/test.sh fast        the product, and one pass of the contract suite: what `make test` runs
#   tools/test.sh measured    every test that coverage is measured of; those marked no_cover run without tracing
#   tools/test.sh unmeasured  contract suites, published clients, documentation, examples: they run other programs, or
#                             the same code many times, and take twice as long under coverage
#   tools/test.sh all         both
#
# Not more than 8 workers: each may run servers of its own, and a big machine gains nothing beyond. Tests that wait for
# other programs leave a core idle for a fifth of the time, so they get one worker more than there are cores.
set -eu
# Where bytecode is not kept, every child process of a test compiles the package anew: twice the time.
unset PYTHONDONTWRITEBYTECODE
FAST="api attacks cli contracts core faults guard house replay runtime sandbox scenario server store venues"
UNMEASURED="clients docs examples"
CONTRACT="contracts/suites/test_kalshi.py::test_the_front_keeps_the_contract[2026-10-in process]"
RULES_OF_WRITES="contracts/suites/test_writes.py::test_every_rule_of_writes_is_kept"

group=${1:-all}
workers=auto
[ $# -eq 0 ] || shift
case $group in
fast)
    for name in $FAST; do set -- "tests/$name" "$@"; done
    set -- "$CONTRACT" "$@"
    ;;
measured)
    for name in $UNMEASURED; do set -- "--ignore=tests/$name" "$@"; done
    set -- tests "$CONTRACT" "$RULES_OF_WRITES" "$@"
    ;;
unmeasured)
    workers=$(($(getconf _NPROCESSORS_ONLN) + 1))
    for name in $UNMEASURED; do set -- "tests/$name" "$@"; done
    set -- contracts/suites "$@"
    ;;
all) ;;
*)
    echo "tools/test.sh: no group '$group': expected fast, measured, unmeasured or all" >&2
    exit 2
    ;;
esac
exec "${DEV:-.venv-dev}/bin/python" -m pytest --numprocesses "$workers" --maxprocesses 8 --dist worksteal --durations=15 "$@"
