"""The tables of Hypothesis are in the user's cache while something is verified, and that of UTF-8 is right."""

import gzip
from pathlib import Path

import pytest
from hypothesis import configuration
from hypothesis.internal.charmap import charmap_file, intervals_from_codec

from mockexchange.kit.hypothesis_support import CHOSEN_BY_USER, UTF_8, cached_tables


def is_encodable(number: int) -> bool:
    try:
        return bool(chr(number).encode())
    except UnicodeEncodeError:
        return False


def test_tables_are_in_the_cache_and_utf_8_is_not_computed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.delenv(CHOSEN_BY_USER, raising=False)
    with cached_tables():
        written = charmap_file(UTF_8)
        before = written.read_bytes()
        encodable, ambiguous = intervals_from_codec.__wrapped__("utf-8")
    assert written.is_relative_to(tmp_path)
    assert not charmap_file(UTF_8).is_relative_to(tmp_path)
    assert gzip.decompress(before) == b"[[[0, 55295], [57344, 1114111]], []]"
    around = (0, 0x7F, 0x80, 0x7FF, 0x800, 0xD7FF, 0xD800, 0xDBFF, 0xDC00, 0xDFFF, 0xE000, 0xFFFF, 0x10000, 0x10FFFF)
    assert [number in encodable for number in around] == [is_encodable(number) for number in around]
    assert len(ambiguous) == 0
    assert len(encodable) == 0x110000 - 0x800


def test_a_place_that_the_user_chose_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(CHOSEN_BY_USER, str(tmp_path))
    configuration.set_hypothesis_home_dir(None)
    with cached_tables():
        assert charmap_file(UTF_8).is_relative_to(tmp_path)
    configuration.set_hypothesis_home_dir(None)


def test_a_cache_that_cannot_be_written_is_done_without(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mockexchange").write_text("no directory")
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    with cached_tables():
        assert not charmap_file(UTF_8).is_file()
