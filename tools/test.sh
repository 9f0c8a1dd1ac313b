#!/bin/sh
# The tests, in parallel; pytest's own summary is the last thing printed. Further arguments go to pytest.
#
#   tools/test.sh fast      the product, and one pass of the contract suite: what `make test` runs
#   tools/test.sh measured  the tests of the gate that coverage is measured of: not those marked `untraced`
#   tools/test.sh gate      all but the tests marked `thorough`
#   tools/test.sh all       every test, with all examples and dates (tests/helpers/effort.py)
#   tools/test.sh versions  the tests that the versions of libraries matter to, in the environment DEV and one process
#   tools/test.sh delayed   the tests of sandboxes, scripts, faults and streams, on logs that suspend at random;
#                           DELAYED_LOGS=SEED chooses the suspensions. `delayed quick`: those without sockets, for the gate
#
# Not more than 8 workers: each may run servers of its own, and a big machine gains nothing beyond. Tests that wait for
# other programs leave a core idle for a third of the time, so a run with them has two workers more than there are cores.
set -eu
# Where bytecode is not kept, every child process of a test compiles the package anew: twice the time.
unset PYTHONDONTWRITEBYTECODE
FAST="api attacks cli contracts core faults guard replay runtime sandbox scenario server store venues"
VERSIONS="house/test_floors.py runtime/test_http_request.py
    api/test_background_loop.py api/test_clients.py api/test_connect.py api/test_exchange.py api/test_fork.py
    api/test_garbage.py api/test_httpx_transports.py api/test_stream.py api/test_transports_asgi.py
    api/test_transports_remote.py api/test_transports_respx.py
    server/control server/http server/replicas/test_forwarding.py server/test_bad_input.py::test_bytes_that_are_not_http
    server/test_failures.py server/test_metrics.py server/test_order_entry.py server/test_process.py
    server/test_stopping.py server/test_venues.py server/tls/test_server.py server/websocket
    venues/deribit/stream venues/kalshi/frames venues/kalshi/stream venues/signalplus/test_live.py"
# Those that take seconds, of our own code
NOT_VERSIONS="server/control/test_flow.py server/control/test_requests.py
    server/websocket/test_bounds.py server/websocket/test_crowd.py
    venues/deribit/stream/test_session.py venues/kalshi/stream/test_feed_folded.py venues/kalshi/stream/test_session.py"
# Those that look for what .ci/run installs beside them come after the others, the last of these first.
LATE="server store guard contracts golden examples histories emulation console clients docs"
DELAYED="sandbox faults replay"
# Exceptions at every statement of the core, where no log is: it takes a third of the time
NOT_DELAYED="sandbox/test_failed_commands.py"
DELAYED_SOCKETS="server stream_properties api runtime"
CONTRACT="contracts/suites/test_kalshi.py::test_the_front_keeps_the_contract[compat-over a socket]"

group=${1:-all}
workers=auto dist=worksteal
[ $# -eq 0 ] || shift
case $group in
fast)
    for name in $FAST; do set -- "tests/$name" "$@"; done
    set -- "$CONTRACT" -m "not thorough" "$@"
    ;;
measured) set -- -m "(traced or not untraced) and not thorough" "$@" ;;
gate | all)
    workers=$(($(getconf _NPROCESSORS_ONLN) + 2))
    # Handed out in this order. Single passes of the contract suites take longest: begun last, they would keep one worker
    # when the others are done.
    dist=load
    for name in $LATE; do set -- "tests/$name" "$@"; done
    for path in tests/[a-z]*/; do
        case " $LATE " in *" $(basename "$path") "*) ;; *) set -- "$path" "$@" ;; esac
    done
    set -- contracts/suites tests/kit "$@"
    if [ "$group" = all ]; then export TESTS_EFFORT=whole; else set -- -m "not thorough" "$@"; fi
    ;;
versions)
    workers=0
    for name in $VERSIONS; do set -- "tests/$name" "$@"; done
    for name in $NOT_VERSIONS; do set -- "--ignore=tests/$name" "$@"; done
    set -- -m "not thorough" -q "$@"
    ;;
delayed)
    if [ "${1:-}" = quick ]; then shift && set -- "--ignore=tests/$NOT_DELAYED" "$@"; else DELAYED="$DELAYED $DELAYED_SOCKETS"; fi
    for name in $DELAYED; do set -- "tests/$name" "$@"; done
    export DELAYED_LOGS="${DELAYED_LOGS:-1}"
    set -- -m "not in_memory" "$@"
    ;;
*)
    echo "tools/test.sh: no group '$group': expected fast, measured, gate, all, versions or delayed" >&2
    exit 2
    ;;
esac
exec "${DEV:-.venv-dev}/bin/python" -m pytest --numprocesses "$workers" --maxprocesses 8 --dist "$dist" --durations=15 "$@"
