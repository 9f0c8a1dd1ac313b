"""The keys that a diagnosis knows, as it calls them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class KnownKey:
    """A key of the same sandbox as the diagnosis sees it; `public_key` is a PEM."""

    key_id: str
    account: str
    name: str
    public_key: str

    @property
    def label(self) -> str:
        if not self.account:
            return "the key given"
        return f'{self.account}\'s key "{self.name}"'
