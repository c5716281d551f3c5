"""Merging two people by hand and undoing it, as the page and the API have it done."""

from __future__ import annotations

import itertools
import uuid

from heed.kit.clock import moment
from heed.profiles import api as profiles
from tests.installation import Installation

_count = itertools.count()


def merge(here: Installation, one: dict[str, str], other: dict[str, str]) -> None:
    named = [(owner(here, *next(iter(each.items()))), here.state_of(**each)) for each in (one, other)]
    event = profiles.merge_event(
        named[0], named[1], here.hasher, "person", f"merge-{next(_count)}", here.clock()
    )
    assert event is not None
    here.send(event)
    here.carry()


def unmerge(here: Installation, absorbed: uuid.UUID) -> None:
    here.connection.execute(
        "insert into identity_unmerge (absorbed, tries, at) values (%s, 0, %s)",
        [absorbed, moment(here.clock())],
    )
    here.carry()


def owner(here: Installation, kind: str, value: str) -> uuid.UUID:
    identifier = here.normaliser.identifier(kind, value)
    assert identifier is not None
    (found,) = profiles.owners(here.connection, [here.hasher.hash(identifier)]).values()
    return found
