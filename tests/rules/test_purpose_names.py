"""What purposes are called, read by some threads while another learns new names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest

from heed import rules


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    known = rules.purpose_names()
    yield
    rules.call_purposes(known)


class Looked(Mapping[str, str]):
    """Names that ask, while they are being taken over, what a reader sees."""

    def __init__(self, names: dict[str, str]) -> None:
        self.names = names
        self.seen: list[dict[str, str]] = []

    def __getitem__(self, key: str) -> str:
        self.seen.append(rules.purpose_names())
        return self.names[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __len__(self) -> int:
        return len(self.names)


def test_whoever_reads_while_names_change_sees_all_the_old_ones() -> None:
    before = {"sms": "By text message", "letters": "Letters"}
    rules.call_purposes(before)
    looked = Looked({"sms": "Texts", "letters": "News"})
    rules.call_purposes(looked)
    assert looked.seen == [before, before]
    assert rules.purpose_names() == {"sms": "Texts", "letters": "News"}
