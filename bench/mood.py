"""Mood: how well it follows feelings that are known, and foretells low ratings, beside the last sentiment alone."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from bench.common import Line

if TYPE_CHECKING:
    from heed.demo.world import World

START = 1_780_000_000_000


def run(customers: int = 4_000, days: int = 90) -> list[Line]:
    from heed import wiring
    from heed.kit.clock import DAY

    wiring.set_up_django()
    from heed.demo.world import Nature, World

    other = Nature(
        half_life=6 * DAY,
        late=0.08,
        broken=0.1,
        out_of_stock=0.12,
        payment_fails=0.1,
        bad_day=0.1,
        unheard=0.3,
    )
    return [
        *_shop("the demo's shop", lambda seed: World(seed, START, customers), (7, 8, 9), days),
        *_shop(
            "another shop, 30% unheard", lambda seed: World(seed, START, customers, other), (11, 12, 13), days
        ),
    ]


class _Found(NamedTuple):
    """Of one world; pairs are as shipped and calibrated."""

    n: int
    auc: tuple[float, float]
    error: tuple[float, float]
    last_auc: float
    ceiling: float
    follows: tuple[float, float]
    last_follows: float


def _shop(name: str, world: Callable[[int], World], seeds: Sequence[int], days: int) -> list[Line]:
    """The means over worlds of one kind, what each was ahead by in brackets: one world says little of the next."""
    found = [_world(partial(world, seed), days) for seed in seeds]

    def mean(of: Callable[[_Found], float]) -> float:
        return statistics.fmean(map(of, found))

    def ahead(of: Callable[[_Found], float]) -> str:
        return f"{mean(of):+.3f} ({', '.join(f'{of(each):+.3f}' for each in found)})"

    return [
        Line(
            f"mood foretells low ratings, {name}",
            f"AUC {mean(lambda f: f.auc[0]):.3f} as shipped, {mean(lambda f: f.auc[1]):.3f} calibrated; calibration error"
            f" {mean(lambda f: f.error[0]):.3f}, {mean(lambda f: f.error[1]):.3f}"
            f" (n {', '.join(f'{each.n:,}' for each in found)})",
            f"last sentiment only {mean(lambda f: f.last_auc):.3f}; the true feeling itself {mean(lambda f: f.ceiling):.3f}",
            f"{ahead(lambda f: f.auc[0] - f.last_auc)}, {ahead(lambda f: f.auc[1] - f.last_auc)}",
            "+0.10, error 0.05",
        ),
        Line(
            f"mood follows true feelings, {name}",
            f"Spearman {mean(lambda f: f.follows[0]):.2f} as shipped, {mean(lambda f: f.follows[1]):.2f} calibrated, over"
            " customers and days",
            f"last sentiment only {mean(lambda f: f.last_follows):.2f}",
            f"{ahead(lambda f: f.follows[0] - f.last_follows)}, {ahead(lambda f: f.follows[1] - f.last_follows)}",
            "",
        ),
    ]


def _world(make: Callable[[], World], days: int) -> _Found:
    import numpy as np
    from scipy.stats import spearmanr

    from heed.demo.truth import live_through
    from heed.sense.domain.calibration import auc, fit, judge, split
    from heed.sense.domain.weights import DEFAULT

    learnt, _ = split(live_through(make(), days, [DEFAULT]).rated)
    lived = live_through(make(), days, [DEFAULT, fit(learnt, DEFAULT)])
    report, _ = judge(*split(lived.rated))
    known = sorted(zip(lived.rated, lived.truths, strict=True), key=lambda pair: pair[0].at)[-report.n :]
    truths = [each.truth for each in lived.evenings]

    def follows(values: list[float]) -> float:
        return float(spearmanr(values, truths)[0])

    return _Found(
        report.n,
        (report.before.auc, report.after.auc),
        (report.before.calibration_error, report.after.calibration_error),
        report.last_sentiment.auc,
        auc(np.array([-truth for _, truth in known]), np.array([float(each.low) for each, _ in known])),
        (
            follows([each.valences[0] for each in lived.evenings]),
            follows([each.valences[1] for each in lived.evenings]),
        ),
        follows([each.last_sentiment for each in lived.evenings]),
    )
