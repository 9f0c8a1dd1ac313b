"""The table of all checks, in the order in which they are shown."""

from mockexchange.cli.doctor_checks import environment, keys, network, packages
from mockexchange.cli.doctor_checks.finding import Check

CHECKS: tuple[Check, ...] = (
    packages.check_python,
    packages.check_dependencies,
    packages.check_extras,
    packages.check_node,
    network.check_server,
    network.check_clock,
    network.check_named_clock,
    network.check_port,
    keys.check_key_file,
    keys.check_key_variables,
    keys.check_key_id,
    environment.check_urls,
    environment.check_demo_switch,
    environment.check_proxies,
    environment.check_trust,
)
