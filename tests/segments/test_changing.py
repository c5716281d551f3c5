"""Changing a segment never empties it, nor those that rest on it, and lets nobody in who is kept out."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from heed import rules
from heed.contracts.event import Event
from heed.profiles import api as profiles
from heed.rules.tree import atoms
from heed.segments import store
from heed.segments.actions import delete_segment, save_segment
from heed.segments.domain.book import Book
from heed.segments.domain.definitions import Definition, gone_by
from heed.segments.models import Segment

pytestmark = pytest.mark.django_db
QUIET = 'trait.plan = "quiet"'
COUNTED = 'did "Bought" within 30 days'


def _save(key: str, rule: str) -> None:
    save_segment(key if Segment.objects.filter(key=key).exists() else "", name=key, rule=rule)


def _filled() -> None:
    Segment.objects.update(filled_at=datetime.now(UTC), former_rule="")


def _members(plan: str) -> list[str]:
    connection.ensure_connection()
    book = Book(store.definitions(connection.connection), rules.readings(), ())
    state = profiles.fold.new()
    profiles.fold.apply(state, Event("1", "identify", 1, 1, traits={"plan": plan}, user_id="ada"), 1)
    return book.members(state, 10)[0]


@pytest.mark.parametrize("counted", [False, True])
def test_two_segments_that_change_which_rests_on_which_keep_their_people(counted: bool) -> None:
    _save("quiet", QUIET)
    _save("nomail", 'segment "quiet"')
    _filled()
    _save("nomail", f"{QUIET} and not {COUNTED}" if counted else QUIET)
    _save("quiet", 'segment "nomail"')
    assert _members("quiet") == ["nomail", "quiet"]
    assert _members("gold") == []


def test_what_a_former_rule_rests_on_is_not_deleted_meanwhile() -> None:
    _save("optout", QUIET)
    _save("mailing", 'not segment "optout"')
    _filled()
    _save("mailing", f'trait.plan != "quiet" and not {COUNTED}')
    with pytest.raises(ValidationError, match="mailing"):
        delete_segment("optout")
    assert _members("quiet") == ["optout"]


def test_a_rule_that_rests_on_an_unknown_segment_is_refused_and_lets_nobody_in() -> None:
    with pytest.raises(ValidationError, match="no segment 'optout'"):
        _save("mailing", 'not segment "optout"')
    Segment.objects.create(
        key="mailing", name="mailing", rule='not segment "optout"', created_at=datetime.now(UTC),
        changed_at=datetime.now(UTC),
    )  # fmt: skip
    assert _members("gold") == []


def test_what_rests_on_a_changed_segment_is_filled_anew_and_tells_no_news_meanwhile() -> None:
    _save("buyers", QUIET)
    _save("vip", 'segment "buyers"')
    _save("other", QUIET)
    _filled()
    _save("buyers", 'trait.plan = "gold"')
    unfilled = Segment.objects.filter(filled_at=None).values_list("key", flat=True)
    assert set(unfilled) == {"buyers", "vip"}


def test_a_former_rule_that_was_never_counted_is_gone_by_neither() -> None:
    """Without counters `not did` is true of everybody."""
    definitions = {
        "a": Definition("a", rules.parse('segment "b"'), "", "2", rules.parse(f"not {COUNTED}")),
        "b": Definition("b", rules.parse(f"{COUNTED} and trait.a = 1"), "", "2", rules.parse('segment "a"')),
    }
    assert gone_by(definitions, ()) == {}


def test_former_and_new_rules_of_many_segments_never_leave_one_out_that_had_people() -> None:
    """Each of a ring of segments rested on the next; each is changed to rest on the one before, some waiting for counters."""
    ring = 6
    former = {f"s{n}": rules.parse(f'segment "s{n + 1}"' if n < ring - 1 else QUIET) for n in range(ring)}
    new = {
        f"s{n}": rules.parse(f'segment "s{n - 1}"' if n else f"{QUIET} and not {COUNTED}")
        for n in range(ring)
    }
    definitions = {key: Definition(key, new[key], "", "2", former[key]) for key in new}
    assert gone_by(definitions, ()) == former
    (atom,) = atoms(new["s0"])
    assert gone_by(definitions, {atom.key}) == new
