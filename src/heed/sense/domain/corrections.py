"""A person says how somebody feels, or that a text was read wrong: what contradicts them is taken out again."""

from __future__ import annotations

from heed.sense.domain.mood import (
    TINY,
    Feelings,
    Kept,
    Piece,
    add,
    advance,
    bound,
    fade,
    read,
)
from heed.sense.domain.weights import DEFAULT, FOR_A_WEEK, HALF_LIVES, Weights, leaning


def withdraw(section: Feelings, piece: Kept, weights: Weights = DEFAULT) -> None:
    """Take a kept piece out again, as if it had never been weighed in."""
    section.kept.remove(piece)
    elapsed = section.at - piece.at
    share = fade(elapsed, HALF_LIVES[piece.fades])
    slow = piece.usual * fade(elapsed, weights.baseline_half_life)
    index = piece.fades
    _set_sum(
        section, index, section.weights[index] - share * piece.weight, share * piece.weight * piece.value
    )
    section.presses[index] = max(0.0, section.presses[index] - share * piece.press)
    section.usual_weight = max(0.0, section.usual_weight - slow)
    section.usual_value = bound(
        section.usual_value - slow * piece.usual_value, -section.usual_weight, section.usual_weight
    )


def _set_sum(section: Feelings, index: int, weight: float, less_value: float) -> None:
    weight = weight if weight > TINY else 0.0
    section.weights[index] = weight
    section.values[index] = bound(section.values[index] - less_value, -weight, weight)


def correct(section: Feelings, piece: Piece, urgency: float | None, weights: Weights = DEFAULT) -> None:
    """A person says how this customer feels: what contradicts them goes, their word stays with their name.

    Evidence that is no longer kept piece by piece goes with it where its mean contradicts. The correction pushes
    by what is left from the remaining evidence to their word. `urgency` replaces all urgency before it; None leaves
    what the remaining evidence says.
    """
    value = bound(piece.value)
    advance(section, piece.at, weights)
    for kept in [one for one in section.kept if one.at <= piece.at]:
        if abs(kept.value - value) > weights.contradiction or kept.kind == piece.kind:
            withdraw(section, kept, weights)
    for index, half_life in enumerate(HALF_LIVES):
        known = [
            (one, one.weight * fade(section.at - one.at, half_life))
            for one in section.kept
            if one.fades == index
        ]
        rest = section.weights[index] - sum(share for _, share in known)
        rest_value = section.values[index] - sum(share * one.value for one, share in known)
        if rest > TINY and abs(bound(rest_value / rest) - value) > weights.contradiction:
            _set_sum(section, index, section.weights[index] - rest, rest_value)
            section.presses[index] = sum(one.press * fade(section.at - one.at, half_life) for one, _ in known)
    if urgency is not None:
        section.presses = [0.0] * len(HALF_LIVES)
        for kept in section.kept:
            kept.press = 0.0
    if piece.at >= section.corrected_at:
        section.corrected_at, section.corrected_to = piece.at, value
    here = read(section, section.at, weights)
    push = leaning(value) - leaning(here.baseline) - here.push
    add(
        section,
        piece._replace(
            value=push / weights.correction_precision,
            precision=weights.correction_precision,
            fades=FOR_A_WEEK,
            urgency=bound(urgency or 0.0, 0.0),
            by=piece.by or "a colleague",
        ),
        weights,
        usual=value,
    )
