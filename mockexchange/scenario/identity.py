"""Hashes parsed JSON piece by piece, for the digest that identifies a scenario in the header of its log."""

import hashlib

from mockexchange.scenario.located_text import Located
from mockexchange.scenario.turns import take_turn

PIECES_PER_TURN = 2_048
"""The values whose text is hashed at once."""


class Identity:
    """The hash of a parsed document.

    It is of the text that Python prints for the document, so that a scenario keeps the digest that earlier releases
    wrote into logs; printed as a whole, a large document would hold the interpreter for a second.
    """

    def __init__(self) -> None:
        self.chars = 0
        """The characters that were hashed."""
        self._hash = hashlib.sha256()
        self._pieces: list[str] = []

    def digest(self) -> str:
        self._flush()
        return self._hash.hexdigest()

    def add(self, node: Located) -> None:
        value, pieces = node.value, self._pieces
        if isinstance(value, dict):
            opening = "Located(value={"
            for name, item in value.items():
                pieces.append(f"{opening}{name!r}: ")
                self.add(item)
                opening = ", "
            pieces.append("}" if value else "Located(value={}")
        elif isinstance(value, list):
            opening = "Located(value=["
            for item in value:
                pieces.append(opening)
                self.add(item)
                opening = ", "
            pieces.append("]" if value else "Located(value=[]")
        else:
            pieces.append(f"Located(value={value!r}")
        pieces.append(
            f", file={node.file!r}, line={node.line!r}, key_lines={node.key_lines!r}, is_quoted={node.is_quoted!r})"
        )
        if len(pieces) >= PIECES_PER_TURN:
            self._flush()
            take_turn()

    def _flush(self) -> None:
        text = "".join(self._pieces)
        self._pieces.clear()
        self.chars += len(text)
        self._hash.update(text.encode())
