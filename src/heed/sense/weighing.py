"""The weights in force in this process: those that ship with Heed, or those calibration put in their place."""

from __future__ import annotations

import msgspec
import psycopg
import structlog

from heed.sense import store
from heed.sense.domain.weights import DEFAULT, Weights

log = structlog.get_logger()
_decode = msgspec.json.Decoder(Weights).decode


class Weighing:
    """`number` counts the calibrations put in force, 0 for what ships."""

    def __init__(self) -> None:
        self.weights: Weights = DEFAULT
        self.number = 0

    def in_force(self) -> Weights:
        return self.weights

    def mark(self, connection: psycopg.Connection) -> str:
        """A text that changes with the weights in force; empty for those that ship."""
        number = store.number_in_force(connection)
        return f"weights {number}" if number else ""

    def reload(self, connection: psycopg.Connection) -> None:
        """Take over what is in force by now; one look-up, decoded only where it changed."""
        number = store.number_in_force(connection)
        if number == self.number:
            return
        self.weights = _whole(_decode(store.weights_of(connection, number))) if number else DEFAULT
        self.number = number
        log.info("sense.weights_in_force", number=number)


def _whole(weights: Weights) -> Weights:
    """With the kinds of evidence that came into the program after these weights were fitted."""
    return msgspec.structs.replace(weights, signals={**DEFAULT.signals, **weights.signals})


weighing = Weighing()
