"""How a customer feels: fading evidence added up on the customer's own baseline.

Evidence i of value vᵢ and precision wᵢ that halves every hᵢ pushes by wᵢ·vᵢ, and with the baseline b

    valence(t) = tanh(atanh b + Σ wᵢ(t)·vᵢ),   wᵢ(t) = wᵢ·2^−(t−tᵢ)/hᵢ
    confidence(t) = Σ wᵢ(t) / (p₀ + Σ wᵢ(t))

With (1 + valence)/2 for the chance of being pleased, atanh is half its log odds, so that this is Good's weight
of evidence (Probability and the Weighing of Evidence, 1950), which is additive where pieces are independent:
three troubles are worse than one. Only the sums per half-life class are kept, so one event costs the same
however long the history. Urgency is a noisy-or, 1 − Π(1 − uᵢ), kept as the sum of −ln(1 − uᵢ), which fades by
class in the same way. Events alone change the state; it fades when it is read.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from operator import mul
from typing import NamedTuple

import msgspec

from heed.contracts.mood import Evidence, Mood
from heed.kit.clock import DAY, HOUR, MINUTE
from heed.sense.domain.weights import DEFAULT, HALF_LIVES, Weights, leaning

EVIDENCE_KEPT = 8
EXCERPT_LENGTH = 140
VISIBLE = 0.05
_BURSTS_KEPT = 16
_MOST_URGENT = 0.98
TINY = 1e-9
_AHEAD = tuple(
    [15 * MINUTE, HOUR, 3 * HOUR, 8 * HOUR]
    + [days * DAY for days in (1, 2, 4, 7, 11, 16, 23, 32, 45, 64, 90, 128, 180)]
)
_WHOLE = (1.0,) * len(HALF_LIVES)


class Piece(NamedTuple):
    """One new piece of evidence, before it is weighed against what is known."""

    message_id: str
    kind: str
    label: str
    at: int
    value: float
    precision: float
    fades: int
    urgency: float = 0.0
    burst: int = HOUR
    excerpt: str = ""
    by: str = ""


class Kept(msgspec.Struct, array_like=True):
    """A piece as it was weighed in, as of `at`: it pushes by `weight`·`value`.

    `press` is −ln(1 − urgency); `usual` and `usual_value` are its weight and value in the baseline.
    """

    message_id: str
    kind: str
    label: str
    at: int
    value: float
    weight: float
    fades: int
    press: float = 0.0
    usual: float = 0.0
    usual_value: float = 0.0
    excerpt: str = ""
    by: str = ""


class Burst(msgspec.Struct, array_like=True):
    """How much of one kind came lately: `level` halves every burst length of that kind."""

    at: int
    level: float


class Feelings(msgspec.Struct, omit_defaults=True):
    """The section `mood`: sums as of `at` (ms), one for each half-life class; `usual_…` make the baseline.

    `values` are sums of weight·value.
    """

    at: int = 0
    weights: list[float] = []
    values: list[float] = []
    presses: list[float] = []
    usual_weight: float = 0.0
    usual_value: float = 0.0
    usual_today: float = 0.0
    bursts: dict[str, Burst] = {}
    kept: list[Kept] = []
    corrected_at: int = 0
    corrected_to: float = 0.0


def fade(elapsed: float, half_life: int) -> float:
    return math.exp2(-elapsed / half_life) if elapsed > 0 else 1.0


def _shares(elapsed: float) -> Sequence[float]:
    """What is left of each half-life class so long after."""
    return [math.exp2(-elapsed / half_life) for half_life in HALF_LIVES] if elapsed > 0 else _WHOLE


@functools.lru_cache(maxsize=4)
def _steps(baseline_half_life: int) -> Sequence[tuple[int, float, Sequence[float]]]:
    """The steps in which `next_change` looks ahead (ms), with what is left by then of the baseline and each class."""
    return [(ahead, fade(ahead, baseline_half_life), _shares(ahead)) for ahead in _AHEAD]


def bound(value: float, low: float = -1.0, high: float = 1.0) -> float:
    if low <= value <= high:  # nearly always, and asked several times a save
        return value
    return max(low, min(high, value)) if math.isfinite(value) else 0.0


class _Now(NamedTuple):
    weight: float
    push: float
    press: float
    baseline: float

    @property
    def valence(self) -> float:
        return math.tanh(leaning(self.baseline) + self.push)


def read(section: Feelings, now: int, weights: Weights) -> _Now:
    elapsed = max(0, now - section.at)
    usual = _usual(section, elapsed, weights)
    if not section.weights:
        return _Now(0.0, 0.0, 0.0, usual)
    shares = _shares(elapsed)
    sums = (section.weights, section.values, section.presses)
    weight, push, press = [sum(map(mul, shares, each)) for each in sums]
    return _Now(weight, push, press, usual)


def _usual(section: Feelings, elapsed: float, weights: Weights) -> float:
    """The baseline so long after the section's moment (ms)."""
    slow = fade(elapsed, weights.baseline_half_life)
    return _baseline(slow * section.usual_value, slow * section.usual_weight, weights)


def _baseline(value: float, weight: float, weights: Weights) -> float:
    prior = weights.baseline_prior
    return bound((prior * weights.prior_valence + value) / (prior + weight))


def mood_at(section: Feelings, now: int, weights: Weights = DEFAULT, *, with_evidence: bool = True) -> Mood:
    """The mood at `now` (ms). Asking about a moment before the last event gives the mood at that event."""
    here = read(section, now, weights)
    total = weights.prior_precision + here.weight
    valence, usual = here.valence, leaning(here.baseline)
    # The mean slope between the usual and now shares the shift out among the pushes; they add up to it.
    slope = 1 - valence * valence
    if abs(here.push) > TINY:
        slope = (valence - math.tanh(usual)) / here.push
    evidence = []
    for piece in section.kept if with_evidence else ():
        share = piece.weight * fade(now - piece.at, HALF_LIVES[piece.fades])
        contribution = share * piece.value * slope
        evidence.append(
            Evidence(
                piece.message_id,
                piece.kind,
                piece.label,
                piece.at,
                round(contribution, 4),
                piece.excerpt,
                piece.by,
            )
        )
    evidence.sort(key=lambda one: (-abs(one.contribution), -one.at, one.message_id, one.kind))
    return Mood(
        valence=valence,
        spread=math.sqrt(weights.variance / total + weights.spread_floor**2),
        urgency=bound(1.0 - math.exp(-here.press), 0.0),
        confidence=bound(here.weight / total, 0.0),
        baseline=here.baseline,
        at=max(now, section.at),
        evidence=tuple(evidence),
    )


def next_change(section: Feelings, now: int, weights: Weights = DEFAULT) -> int | None:
    """When fading alone will have moved valence or urgency by 0.05 (ms, later than `now`), or None.

    Looked for in steps that grow, so that the answer may be a step late: it is asked at every save.
    """
    if not section.weights:
        return None
    start = max(now, section.at)
    faded = _shares(start - section.at)
    values = list(map(mul, faded, section.values))
    presses = list(map(mul, faded, section.presses))
    calm = math.exp(-sum(presses))
    pressing = 1 - calm >= VISIBLE
    if not pressing and sum(map(abs, values)) < VISIBLE:
        # No class can pull the mood further from the usual than this while it fades.
        return None
    slow = fade(start - section.at, weights.baseline_half_life)
    value, weight = slow * section.usual_value, slow * section.usual_weight
    valence = math.tanh(leaning(_baseline(value, weight, weights)) + sum(values))
    for ahead, left, shares in _steps(weights.baseline_half_life):
        usual = leaning(_baseline(left * value, left * weight, weights))
        if abs(math.tanh(usual + sum(map(mul, shares, values))) - valence) >= VISIBLE:
            return start + ahead
        if pressing and math.exp(-sum(map(mul, shares, presses))) - calm >= VISIBLE:
            return start + ahead
    return None


def advance(section: Feelings, at: int, weights: Weights = DEFAULT) -> None:
    """Bring the sums to the moment of an event; one from the past leaves them where they are."""
    if not section.weights:
        section.weights = [0.0] * len(HALF_LIVES)
        section.values = [0.0] * len(HALF_LIVES)
        section.presses = [0.0] * len(HALF_LIVES)
    elapsed = at - section.at
    if elapsed <= 0:
        return
    for index, share in enumerate(_shares(elapsed)):
        for sums in (section.weights, section.values, section.presses):
            sums[index] = sums[index] * share if abs(sums[index]) * share > TINY else 0.0
    slow = fade(elapsed, weights.baseline_half_life)
    section.usual_weight *= slow
    section.usual_value *= slow
    section.usual_today *= fade(elapsed, DAY)
    section.at = at


def add(
    section: Feelings, piece: Piece, weights: Weights = DEFAULT, usual: float | None = None
) -> Kept | None:
    """Weigh one piece of evidence in, fading it from when it occurred; returns it as it was weighed, if it was.

    `usual` is its value in the baseline, where that is not the piece's own.
    """
    value = bound(piece.value)
    if not (math.isfinite(piece.precision) and piece.precision > 0) or not 0 <= piece.fades < len(HALF_LIVES):
        return None
    if (
        not piece.by
        and piece.at <= section.corrected_at
        and abs(value - section.corrected_to) > weights.contradiction
    ):
        return None
    advance(section, piece.at, weights)
    usual = value if usual is None else usual
    if not piece.by:
        # What is bad never makes the usual better, however mild it is beside it; nor does good news make it worse.
        baseline = _usual(section, 0, weights)
        usual = min(value, baseline) if value < 0 else max(value, baseline) if value > 0 else value
    novelty = 1.0 if piece.by else _novelty(section, piece)
    weight = piece.precision * novelty
    press = -math.log(1.0 - bound(piece.urgency, 0.0, _MOST_URGENT)) * novelty
    elapsed = section.at - piece.at
    share = fade(elapsed, HALF_LIVES[piece.fades])
    section.weights[piece.fades] += share * weight
    section.values[piece.fades] += share * weight * value
    section.presses[piece.fades] += share * press
    slow = _usual_part(section, weight, elapsed, weights)
    section.usual_weight += slow
    section.usual_value += slow * usual
    excerpt = piece.excerpt[:EXCERPT_LENGTH]
    weighed = Kept(
        piece.message_id,
        piece.kind,
        piece.label,
        piece.at,
        value,
        weight,
        piece.fades,
        press,
        slow / max(fade(elapsed, weights.baseline_half_life), TINY),
        usual,
        excerpt,
        piece.by,
    )
    section.kept.append(weighed)
    _evict(section)
    return weighed


def _usual_part(section: Feelings, weight: float, elapsed: int, weights: Weights) -> float:
    """What a piece adds to the baseline: the more a day has said already, the less, so no one day decides."""
    room = weights.baseline_a_day
    left = max(0.0, 1.0 - section.usual_today / (2 * room))
    part = left * weight * room / (room + weight)
    section.usual_today += part * fade(elapsed, DAY)
    return part * fade(elapsed, weights.baseline_half_life)


def _novelty(section: Feelings, piece: Piece) -> float:
    """1 for something new, less for what repeats within its burst: the n-th of a kind at once counts 1/n².

    So a burst of any length counts less than 1.65 times as much as its first.
    """
    burst = section.bursts.get(piece.kind)
    if burst is None:
        section.bursts[piece.kind] = Burst(piece.at, 1.0)
        if len(section.bursts) > _BURSTS_KEPT:
            oldest = min((entry.at, kind) for kind, entry in section.bursts.items() if kind != piece.kind)
            del section.bursts[oldest[1]]
        return 1.0
    level = burst.level * fade(abs(piece.at - burst.at), piece.burst)
    if piece.at >= burst.at:
        burst.at, burst.level = piece.at, level + 1.0
    else:
        burst.level += fade(burst.at - piece.at, piece.burst)
    return 1.0 / (1.0 + level) ** 2


def _strength(piece: Kept, now: int) -> float:
    left = fade(now - piece.at, HALF_LIVES[piece.fades])
    return left * (piece.weight * (abs(piece.value) + 0.05) + 0.2 * piece.press)


def _evict(section: Feelings) -> None:
    if len(section.kept) > EVIDENCE_KEPT:
        ranked = [(_strength(p, section.at), p.at, i) for i, p in enumerate(section.kept)]
        del section.kept[min(ranked)[2]]


def merge(kept: Feelings, absorbed: Feelings, weights: Weights = DEFAULT) -> Feelings:
    """Join the feelings of two profiles that turned out to be one person: all their evidence, faded alike."""
    latest = max(kept.at, absorbed.at)
    for section in (kept, absorbed):
        advance(section, latest, weights)
    for mine, theirs in (
        (kept.weights, absorbed.weights),
        (kept.values, absorbed.values),
        (kept.presses, absorbed.presses),
    ):
        for index, amount in enumerate(theirs):
            mine[index] += amount
    kept.usual_weight += absorbed.usual_weight
    kept.usual_value += absorbed.usual_value
    kept.usual_today += absorbed.usual_today
    for kind, burst in absorbed.bursts.items():
        known = kept.bursts.get(kind)
        if known is None or burst.at > known.at:
            kept.bursts[kind] = burst
    newest = sorted(kept.bursts.items(), key=lambda entry: (-entry[1].at, entry[0]))[:_BURSTS_KEPT]
    kept.bursts = dict(sorted(newest))
    kept.kept = sorted(
        [*kept.kept, *absorbed.kept], key=lambda piece: (piece.at, piece.message_id, piece.kind)
    )
    while len(kept.kept) > EVIDENCE_KEPT:
        _evict(kept)
    if absorbed.corrected_at > kept.corrected_at:
        kept.corrected_at, kept.corrected_to = absorbed.corrected_at, absorbed.corrected_to
    return kept
