"""How much a run of the tests does: `make test` and the gate a part of what repeats, `make test-all` the whole of it.

A tenth of random examples finds what is broken outright, and each run draws other ones; one date shows that a mechanism
works; of planted faults every fourth is planted. Tables of recorded facts and recorded bytes are tried whole in every
run.
"""

import os
from collections.abc import Sequence
from typing import TypeVar

One = TypeVar("One")

WHOLE = os.environ.get("TESTS_EFFORT") == "whole"
"""Whether everything is tried, as `tools/test.sh all` wants it."""
EXAMPLES_MIN = 3
"""Random examples that are tried in any case, where there are as many."""
EXAMPLES_DEFAULT = 100
"""Random examples of a property that does not say how many."""


def examples(whole: int, least: int = EXAMPLES_MIN) -> int:
    """Return the number of random examples of a property, `whole` of which are tried in `make test-all`."""
    return whole if WHOLE else min(whole, max(least, whole // 10))


def chosen(every: Sequence[One], *of_push: One) -> Sequence[One]:
    """Return the rows of a table to try: all in `make test-all`, otherwise those `of_push`, by default the last.

    API dates are listed from the oldest to "compat", which has every field of every date.
    """
    assert set(of_push) <= set(every), f"no rows of the table: {set(of_push) - set(every)}"
    return every if WHOLE else of_push or every[-1:]


def one_in(part: int, every: Sequence[One]) -> Sequence[One]:
    """Return the rows of a table to try: all in `make test-all`, otherwise every `part`-th, the first included."""
    return every if WHOLE else every[::part]


OF_TEST_ALL = {
    "tests/api/test_overlay.py::test_the_command_serves_it": "the API serves the same overlay",
    "tests/api/test_overlay.py::test_a_wrong_overlay_is_one_line": "newer documents are read in tests/runtime",
    "tests/attacks/test_control.py::test_a_full_journal_is_read_in_pieces": "`make attacks`",
    "tests/attacks/test_memory.py": "`make attacks`",
    "tests/attacks/test_peers_that_leave.py": "`make attacks`",
    "tests/cli/test_named_files.py::test_a_pipe_with_content": "a pipe is one of the kinds of the test above it",
    "tests/cli/test_serve_end.py": "tests/server/test_stopping.py ends servers",
    "tests/cli/test_tour_of_recordings.py": "its commands have tests of their own",
    "tests/cli/test_verify_server.py::test_ctrl_c": "tests/kit interrupts a run",
    "tests/cli/test_verify_server.py::test_the_example_of_the_help": "test_checks.py keeps every rule",
    "tests/clients/test_cards.py": "careful and careless clients of tests/kit play every card",
    "tests/clients/test_order_recipes.py": "test_order_entry.py places orders with each client",
    "tests/clients/test_pointing.py": "other tests point each client at a server",
    "tests/clients/test_reads.py::test_the_page_says_what_a_client_makes": "test_matrix.py reads with each client",
    "tests/clients/test_recorded.py::test_a_reader": "tests/recording passes bytes on",
    "tests/clients/test_recorded.py::test_a_trader": "tests/recording passes bytes on",
    "tests/clients/test_tls.py::test_a_program_of_the_page": "test_recipes.py runs them, tests/server/tls has TLS",
    "tests/clients/test_tls.py::test_who_is_not_told": "tests/server/tls has certificates that no client trusts",
    "contracts/suites/test_writes.py::test_links_lead": "every rule of writes is kept at every date",
    "tests/console/test_accounts.py": "the other pages are drawn by the same parts",
    "tests/console/test_clock.py": "tests/server/control has the clock",
    "tests/console/test_scenario.py": "tests/server/control opens scenarios",
    "tests/console/test_streams.py": "tests/server/control has what the page calls",
    "tests/console/test_tools.py": "test_requests.py has the list that they are about",
    "tests/console/test_derivatives.py": "test_orders.py uses the same page",
    "tests/console/test_offline.py": "test_safety.py has the page's policy",
    "tests/console/test_roles.py": "tests/server/control has the roles",
    "tests/console/test_verify.py": "the report is read as text in tests/kit",
    "tests/contracts/test_links.py::test_links_take_values": "for changes of contracts/",
    "tests/contracts/test_stream_parser.py": "for changes of contracts/",
    "tests/contracts/test_validators.py::test_a_broken": "for changes of contracts/",
    "tests/emulation/test_published.py": "tests/emulation/test_run.py runs programs of our own",
    "tests/examples/test_node.py::test_its_own_tests_start_a_server_themselves": "the other ways run the same tests",
    "tests/examples/test_watch.py": "its commands have tests of their own",
    "tests/histories/test_histories.py::test_a_planted_bug_of_replicas": "`make histories`",
    "tests/histories/test_histories.py::test_clients_of_replicas": "`make histories`",
    "tests/importing/test_large_files.py": "for changes of what is kept of a recording",
    "tests/kit/client/test_whole_account_judges.py::test_a_row_that_is_not_there": "other mistakes take the same way",
    "tests/kit/client/test_whole_account_judges.py::test_a_name_reported_at_one_date": "as the one above it",
    "tests/kit/client/test_adapter_examples.py": "tests/docs runs the same examples",
    "tests/kit/client/test_fuzzed_bodies.py::test_bodies_are_what": "test_fuzzing.py sends such bodies",
    "tests/kit/client/test_fuzzing.py::test_the_same_seed": "test_fuzzing_counts.py has seeds and counts",
    "tests/kit/client/test_fuzzing.py::test_cards_can_name_every_judge": "whole runs name every judge",
    "tests/kit/client/test_jsonrpc_clients.py::test_each_mistake": "rules are tried on clients of Kalshi",
    "tests/kit/client/test_order_cards.py::test_a_careful": "the careful client keeps every card",
    "tests/kit/rules/test_nothing_to_judge.py": "test_checks.py keeps every rule",
    "tests/pytest_plugin/test_fixtures.py::test_asynchronous": "one mode of three is enough",
    "tests/pytest_plugin/test_fixtures.py::test_pytest_shows": "tests/docs has the names",
    "tests/pytest_plugin/test_guard.py::test_a_test_that_is_run_again": "other tests are guarded",
    "tests/pytest_plugin/test_guard.py::test_failures_of_workers": "test_neighbours.py runs workers",
    "tests/pytest_plugin/test_guard.py::test_hosts_may_be_allowed": "tests/guard allows hosts",
    "tests/pytest_plugin/test_guard.py::test_the_list_of_dials": "other tests list dials",
    "tests/pytest_plugin/test_guard.py::test_the_way_there": "other tests show where a dial was",
    "tests/pytest_plugin/test_misuse.py::test_a_marker_that_nothing": "every wrong marker is tried in one run",
    "tests/pytest_plugin/test_misuse.py::test_a_worker_of_xdist": "every wrong marker is tried in one run",
    "tests/pytest_plugin/test_misuse.py::test_a_wrong_default": "every wrong marker is tried in one run",
    "tests/pytest_plugin/test_misuse.py::test_an_overlay_is_of": "tests/api serves overlays",
    "tests/pytest_plugin/test_neighbours.py::test_without_sockets": "test_sockets_may_be_let_through is its opposite",
    "tests/pytest_plugin/test_remote.py::test_a_dead": "test_a_locked_server_is_refused takes the same way",
    "tests/pytest_plugin/test_remote.py::test_own_ports": "tests/api asks for ports",
    "tests/pytest_plugin/test_remote.py::test_workers_share_it": "test_neighbours.py runs workers",
    "tests/pytest_plugin/test_reports.py::test_what_cannot_be_kept": "what is kept has tests here",
    "tests/pytest_plugin/test_reports.py::test_without_a_directory": "what is kept has tests here",
    "tests/recording/test_planted_secrets.py::test_none_of_ten_thousand": "other tests plant each kind of secret",
    "tests/server/websocket/test_crowd.py": "`make attacks`",
}
"""Tests that a push leaves to `make test-all`, each by the beginning of its name, and what is tried of it on a push."""
