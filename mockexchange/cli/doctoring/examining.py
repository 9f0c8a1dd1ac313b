"""The table of all checks, in the order in which they are shown."""

from mockexchange.cli.doctoring import installed, keys, network, pointing
from mockexchange.cli.doctoring.finding import Check

CHECKS: tuple[Check, ...] = (
    installed.check_python,
    installed.check_dependencies,
    installed.check_extras,
    installed.check_node,
    network.check_server,
    network.check_clock,
    network.check_named_clock,
    network.check_port,
    keys.check_key_file,
    keys.check_key_variables,
    keys.check_key_id,
    pointing.check_urls,
    pointing.check_demo_switch,
    pointing.check_proxies,
    pointing.check_trust,
)
