#!/bin/sh
# The tests, in parallel; pytest's own summary is the last thing printed. Further arguments go to pytest.
#
#   tools/test.sh fast      the product, and one pass of the contract suite: what `make test` runs
#   tools/test.sh measured  the tests of the gate that coverage is measured of: not those marked `untraced`
#   tools/test.sh gate      all but the tests marked `thorough`; with --cov, those marked `untraced` run without tracing
#   tools/test.sh all       every test
#   tools/test.sh delayed   the tests of sandboxes, scripts, faults and streams, on logs that suspend at random;
#                           DELAYED_LOGS=SEED chooses the suspensions. `delayed quick`: those without sockets, for the gate
#
# Not more than 8 workers: each may run servers of its own, and a big machine gains nothing beyond. Tests that wait for
# other programs leave a core idle for a fifth of the time, so a run with them has one worker more than there are cores.
set -eu
# Where bytecode is not kept, every child process of a test compiles the package anew: twice the time.
unset PYTHONDONTWRITEBYTECODE
FAST="api attacks cli contracts core faults guard house replay runtime sandbox scenario server store venues"
DELAYED="sandbox faults replay"
DELAYED_SOCKETS="server stream_properties api runtime"
CONTRACT="contracts/suites/test_kalshi.py::test_the_front_keeps_the_contract[2026-10-in process]"

group=${1:-all}
workers=auto
[ $# -eq 0 ] || shift
case $group in
fast)
    for name in $FAST; do set -- "tests/$name" "$@"; done
    set -- "$CONTRACT" "$@"
    ;;
measured) set -- -m "(traced or not untraced) and not thorough" "$@" ;;
gate | all)
    workers=$(($(getconf _NPROCESSORS_ONLN) + 1))
    # Single passes of the contract suites take longest: begun last, they would keep one worker when the others are done.
    set -- contracts/suites tests "$@"
    [ "$group" = all ] || set -- -m "not thorough" "$@"
    ;;
delayed)
    if [ "${1:-}" = quick ]; then shift; else DELAYED="$DELAYED $DELAYED_SOCKETS"; fi
    for name in $DELAYED; do set -- "tests/$name" "$@"; done
    export DELAYED_LOGS="${DELAYED_LOGS:-1}"
    set -- -m "not in_memory" "$@"
    ;;
*)
    echo "tools/test.sh: no group '$group': expected fast, measured, gate, all or delayed" >&2
    exit 2
    ;;
esac
exec "${DEV:-.venv-dev}/bin/python" -m pytest --numprocesses "$workers" --maxprocesses 8 --dist worksteal --durations=15 "$@"
