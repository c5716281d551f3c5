"""Mood: how well it follows feelings that are known, and foretells low ratings, beside the last sentiment alone."""

from __future__ import annotations

from bench.common import Line

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
        *_world("the demo's shop", lambda: World(7, START, customers), days),
        *_world("another shop, 30% unheard", lambda: World(11, START, customers, other), days),
    ]


def _world(name: str, make: object, days: int) -> list[Line]:
    import numpy as np
    from scipy.stats import spearmanr

    from heed.demo.truth import live_through
    from heed.sense.domain.calibration import auc, fit, judge, split
    from heed.sense.domain.weights import DEFAULT

    learnt, _ = split(live_through(make(), days, [DEFAULT]).rated)  # type: ignore[operator]
    lived = live_through(make(), days, [DEFAULT, fit(learnt, DEFAULT)])  # type: ignore[operator]
    report, _ = judge(*split(lived.rated))
    known = sorted(zip(lived.rated, lived.truths, strict=True), key=lambda pair: pair[0].at)[-report.n :]
    ceiling = auc(np.array([-truth for _, truth in known]), np.array([float(each.low) for each, _ in known]))
    truths = [each.truth for each in lived.evenings]

    def follows(values: list[float]) -> float:
        return float(spearmanr(values, truths)[0])

    last = follows([each.last_sentiment for each in lived.evenings])
    shipped, fitted = (follows([each.valences[place] for each in lived.evenings]) for place in (0, 1))
    return [
        Line(
            f"mood foretells low ratings, {name}",
            f"AUC {report.before.auc:.3f} as shipped, {report.after.auc:.3f} calibrated; calibration error"
            f" {report.before.calibration_error:.3f}, {report.after.calibration_error:.3f} (n {report.n:,})",
            f"last sentiment only {report.last_sentiment.auc:.3f}; the true feeling itself {ceiling:.3f}",
            f"{report.before.auc - report.last_sentiment.auc:+.3f},"
            f" {report.after.auc - report.last_sentiment.auc:+.3f}",
            "+0.10, error 0.05",
        ),
        Line(
            f"mood follows true feelings, {name}",
            f"Spearman {shipped:.2f} as shipped, {fitted:.2f} calibrated, over customers and days",
            f"last sentiment only {last:.2f}",
            f"{shipped - last:+.2f}, {fitted - last:+.2f}",
            "",
        ),
    ]
