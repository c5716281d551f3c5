"""`heed sense calibrate`: old weights beside new ones, and the question whether to switch."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NoReturn

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from heed import wiring
from heed.kit.clock import moment, system_clock
from heed.sense.actions.calibrate import Calibrated, calibrate, put_in_force
from heed.sense.domain.calibration import Quality, TooFew
from heed.sense.domain.weights import CLASS_NAMES, Weights
from heed.sense.weighing import weighing
from heed.settings import Settings

_TOLD = 12
_WORTH = 0.01
"""Gain of AUC from which switching is advised; less is within what another hundred ratings would change."""


def calibrate_and_ask(
    settings: Settings, yes: bool, console: Console, fail: Callable[[str], NoReturn]
) -> None:
    _, lake = wiring.engines()
    connection = wiring.connect(settings)
    weighing.reload(connection)
    before = weighing.weights
    try:
        with Progress(console=console, transient=True) as bar:
            task = bar.add_task("Reading what was said before each rating", total=1.0)
            found = calibrate(
                connection,
                lake,
                settings.master_key,
                before,
                system_clock(),
                lambda share: bar.update(task, completed=share),
            )
    except TooFew as error:
        fail(f"Nothing was changed. {error}")
    _tell(console, found, before)
    if not yes and not typer.confirm("Weigh moods by the new weights from now on?", default=False):
        console.print("Nothing was changed.")
        return
    number = put_in_force(connection, found, system_clock(), "command line")
    console.print(
        f"Calibration {number} is in force; running processes follow within seconds. `heed replay` weighs what was "
        "said before by it too."
    )


def _tell(console: Console, found: Calibrated, before: Weights) -> None:
    report = found.report
    console.print(
        f"Learnt from {report.learnt_from:,} ratings of {found.customers:,} customers up to "
        f"{moment(report.until):%d %B %Y}, judged by the {report.n:,} after it, {report.low:,} of them low."
    )
    table = Table("", "ranks low ratings (AUC)", "error of the chance named", "Brier", box=None)
    rows: list[tuple[str, Quality]] = [
        ("last sentiment only", report.last_sentiment),
        ("weights in force", report.before),
        ("new weights", report.after),
    ]
    for name, quality in rows:
        table.add_row(name, f"{quality.auc:.3f}", f"{quality.calibration_error:.3f}", f"{quality.brier:.3f}")
    console.print(table)
    console.print(
        "An AUC of 0.5 is chance, 1 never errs. The error is how far chances named lie from what came."
    )
    changes = sorted(_changes(before, found.weights), reverse=True)[:_TOLD]
    if changes:
        moved = Table("what moved most", "value", "strength", "fades in", box=None)
        for _, cells in changes:
            moved.add_row(*cells)
        console.print(moved)
    console.print(_advice(report.before, report.after))


def _advice(before: Quality, after: Quality) -> str:
    gain = after.auc - before.auc
    if gain >= _WORTH:
        return "[green]The new weights foretell better than those in force: worth switching.[/]"
    if gain <= -_WORTH:
        return "[yellow]The new weights foretell worse than those in force: better keep what you have.[/]"
    return "The new weights foretell about as well as those in force: there is no need to switch."


def _changes(before: Weights, after: Weights) -> list[tuple[float, tuple[str, str, str, str]]]:
    """Each kind whose strength changed, with how many times over it did (log) and its cells."""
    text, was = after.text, before.text
    rows = [("what customers write", "as read", was.precision, text.precision, CLASS_NAMES[text.fades])]
    for kind, new in after.signals.items():
        rows.append(
            (
                new.label,
                f"{new.value:+.2f}",
                before.signals[kind].precision,
                new.precision,
                CLASS_NAMES[new.fades],
            )
        )
    return [
        (abs(math.log(new / old)), (label, value, f"{old:.2f} → {new:.2f}", fades))
        for label, value, old, new, fades in rows
        if old != new
    ]
