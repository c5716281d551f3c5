"""Text stays readable: WCAG AA contrast of the stylesheet's own colours, light and dark."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import heed.web

CSS = (Path(heed.web.__file__).parent / "static/heed/heed.css").read_text()
TOKENS = {
    name: (light, dark) for name, light, dark in re.findall(r"--([\w-]+): light-dark\((#\w+), (#\w+)\)", CSS)
}
TEXT = [
    *((ink, ground) for ink in ("ink", "soft", "faint") for ground in ("paper", "card", "sunk")),
    ("soft", "low-wash"), ("soft", "high-wash"), ("ink", "warn-wash"), ("on-accent", "accent"),
    ("low", "card"), ("low", "paper"), ("low", "low-wash"), ("high", "card"), ("high", "high-wash"),
]  # fmt: skip
SHAPES = [("edge", "card"), ("accent", "card"), ("low", "card"), ("mid", "card"), ("high", "card")]


def luminance(colour: str) -> float:
    digits = colour.lstrip("#")
    if len(digits) == 3:
        digits = "".join(c * 2 for c in digits)
    parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(a: str, b: str) -> float:
    one, two = sorted((luminance(a), luminance(b)), reverse=True)
    return (one + 0.05) / (two + 0.05)


def test_the_measure_itself_is_right() -> None:
    assert contrast("#000", "#fff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("look", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(("ink", "ground"), TEXT)
def test_text_is_readable(ink: str, ground: str, look: int) -> None:
    assert contrast(TOKENS[ink][look], TOKENS[ground][look]) >= 4.5


@pytest.mark.parametrize("look", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(("shape", "ground"), SHAPES)
def test_shapes_that_carry_meaning_are_visible(shape: str, ground: str, look: int) -> None:
    assert contrast(TOKENS[shape][look], TOKENS[ground][look]) >= 3
