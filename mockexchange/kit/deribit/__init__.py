"""The contract kit of Deribit."""

from mockexchange.kit.deribit.checks import CHECKS
from mockexchange.kit.deribit.lists import FACTS
from mockexchange.kit.deribit.roles import role_of
from mockexchange.kit.deribit.schemathesis_hints import make_hints
from mockexchange.kit.deribit.signing import load_signer
from mockexchange.kit.venue import VenueKit

DERIBIT = VenueKit(
    name="deribit",
    prefix="/api/v2",
    stream_path="/ws/api/v2",
    load_signer=load_signer,
    role_of=role_of,
    make_hints=make_hints,
    facts=FACTS,
    checks=CHECKS,
    changes_daily=False,
)
