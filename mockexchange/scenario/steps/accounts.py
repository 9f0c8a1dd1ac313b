"""Defines the scenario steps for accounts, subaccounts, keys, and the restrictions of subtraders."""

from mockexchange.core import commands
from mockexchange.core.vocabulary import AccountKind
from mockexchange.scenario.steps.shared_fields import ACCOUNT_KIND, API_DATE, PUBLIC_KEY, SCOPES, TIER, VENUE
from mockexchange.scenario.steps.step_type import StepKind, step
from mockexchange.scenario.types.composite_types import ListOf, Nullable, may, must
from mockexchange.scenario.types.value_types import AMOUNT, BOOK, BOOLEAN, NAME, PART, TEXT

CATEGORIES = ListOf(NAME, "a list of categories")

STEPS: dict[str, StepKind] = {
    "account": step(
        commands.OpenAccount,
        account=("account", must(PART)),
        kind=("kind", may(ACCOUNT_KIND, AccountKind.MEMBER)),
        account_id=("account_id", may(NAME, "")),
        user_id=("user_id", may(NAME, "")),
        tier=("tier", may(TIER, "basic")),
        venue=("venue", may(VENUE, "")),
    ),
    "book": step(commands.OpenSubaccount, account=("account", must(PART)), book=("subaccount", must(PART))),
    "key": step(
        commands.AddKey,
        account=("account", must(NAME)),
        key=("key", must(NAME)),
        key_id=("key_id", must(NAME)),
        public_key=("public_key", may(PUBLIC_KEY)),
        secret=("secret", may(TEXT)),
        scopes=("scopes", may(SCOPES)),
        book=("subaccount", may(NAME)),
        api_date=("api_date", may(API_DATE)),
    ),
    "remove_key": step(commands.RemoveKey, account=("account", must(NAME)), key_id=("key_id", must(NAME))),
    "tier": step(commands.SetTier, account=("account", must(PART)), tier=("tier", must(TIER))),
    "restrict": step(
        commands.RestrictSubtrader,
        account=("subaccount_ref", must(BOOK)),
        categories=("categories", may(CATEGORIES, [])),
        blocked=("blocked", may(BOOLEAN, False)),
    ),
    "cap": step(
        commands.CapSubtrader, account=("subaccount_ref", must(BOOK)), limit=("limit_micros", must(Nullable(AMOUNT)))
    ),
}
