"""Every field may belong to a purpose: who does not permit it keeps it out of sight, and of events it is not kept."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from heed.contracts import vocabulary as v
from heed.kit.clock import HOUR
from heed.pipeline.replay import replay
from heed.profiles import api as profiles
from heed.profiles import field_book
from heed.profiles.domain.fields import REFUSED, Needed
from heed.profiles.domain.records import record_of
from heed.rules import compile_rule, parse, readings
from tests.installation import Installation


@pytest.fixture(autouse=True)
def _none_left() -> Iterator[None]:
    yield
    profiles.fields.set({}, {})


def belongs(installation: Installation, kind: str, name: str, purpose: str) -> None:
    installation.connection.execute(
        "insert into field_setting (kind, name, purpose, survivor, trusted) values (%s, %s, %s, 'latest', '{}')",
        [kind, name, purpose],
    )


def say(installation: Installation, purpose: str, granted: bool) -> None:
    installation.clock.advance(1)
    installation.happen(v.CONSENT_CHANGED, userId="ada", properties={"purpose": purpose, "granted": granted})
    installation.carry()


def meets(installation: Installation, rule: str) -> bool:
    state = installation.state_of(user_id="ada")
    return compile_rule(parse(rule), readings())(state, installation.clock())


def know(installation: Installation, **traits: object) -> None:
    installation.happen(type="identify", userId="ada", traits=traits)


def test_a_trait_is_out_of_sight_until_its_purpose_is_permitted(installation: Installation) -> None:
    installation.segment("young", "trait.age < 30")
    belongs(installation, "trait", "age", "marketing")
    know(installation, age=20, plan="gold")
    installation.carry()
    assert installation.members("young") == set()
    assert not meets(installation, "trait.age is known")
    assert meets(installation, 'trait.plan = "gold"')
    say(installation, "marketing", True)
    assert installation.members("young") == {"ada"}
    say(installation, "marketing", False)
    assert installation.members("young") == set()
    assert installation.state_of(user_id="ada").traits.values["age"].value == 20


def test_a_field_that_comes_to_belong_to_a_purpose_leaves_segments_by_itself(
    installation: Installation,
) -> None:
    installation.segment("young", "trait.age < 30")
    know(installation, age=20)
    installation.carry()
    assert installation.members("young") == {"ada"}
    belongs(installation, "trait", "age", "marketing")
    know(installation, plan="gold")
    installation.carry()
    assert installation.members("young") == set()
    installation.connection.execute("delete from field_setting")
    know(installation, plan="silver")
    installation.carry()
    assert installation.members("young") == {"ada"}


def test_what_a_contract_needs_and_what_nobody_objected_to_may_be_seen(installation: Installation) -> None:
    belongs(installation, "trait", "age", "service")
    belongs(installation, "trait", "visits", "analytics")
    know(installation, age=20, visits=3)
    assert meets(installation, "trait.age = 20 and trait.visits = 3")
    say(installation, "analytics", False)
    assert not meets(installation, "trait.visits is known")


def test_a_refused_property_is_neither_counted_nor_kept(installation: Installation) -> None:
    installation.segment("fans", 'did "Product Viewed" at least 1 times where category = "zebra-stripes"')
    belongs(installation, "property", "category", "marketing")
    installation.carry()
    installation.happen("Product Viewed", userId="ada", properties={"category": "zebra-stripes", "price": 3})
    installation.carry()
    assert installation.members("fans") == set()
    (row,) = [each for each in installation.lake_rows() if each["name"] == "Product Viewed"]
    assert row["category"] is None
    assert "zebra" not in (row["properties"] or "")
    assert row["price"] == 3
    say(installation, "marketing", True)
    installation.happen("Product Viewed", userId="ada", properties={"category": "zebra-stripes"})
    installation.carry()
    assert installation.members("fans") == {"ada"}


def test_what_was_refused_is_in_no_byte_of_the_lake_and_replay_agrees(installation: Installation) -> None:
    belongs(installation, "property", "size", "marketing")
    event = installation.happen(
        "Product Viewed", userId="ada", properties={"size": "quagga-large", "price": 1}
    )
    assert event.marks == ()
    installation.clock.advance(HOUR)
    say(installation, "marketing", True)
    installation.happen("Product Viewed", userId="ada", properties={"size": "okapi-large"})
    installation.carry()
    assert b"quagga" not in installation.lake_bytes()
    before = installation.state_bytes()
    installation.connection.execute("delete from field_setting")
    belongs(installation, "property", "price", "marketing")
    replay(installation.engine.carrier, installation.lake)
    assert installation.state_bytes() == before


def test_permission_itself_can_never_be_refused_and_names_never_hidden() -> None:
    needed = Needed("marketing", "consent")
    profiles.fields.set({"email": needed, "age": needed}, {"granted": needed, "color": needed})
    assert set(profiles.fields.traits) == {"age"}
    assert set(profiles.fields.properties) == {"color"}


def test_duplicates_are_not_looked_for_by_what_is_out_of_sight(installation: Installation) -> None:
    know(installation, first_name="Ada", last_name="Byron", birthday="1990-02-03")
    assert "dob" in (record_of(installation.state_of(user_id="ada")) or {})
    profiles.fields.set({"birthday": Needed("profiling", "consent")}, {})
    assert "dob" not in (record_of(installation.state_of(user_id="ada")) or {})


def test_an_event_says_that_something_was_taken_out(installation: Installation) -> None:
    know(installation, plan="gold")
    profiles.fields.set({}, {"color": Needed("marketing", "consent")})
    event = installation.event("Seen", userId="ada", properties={"color": "red", "plan": 1})
    assert profiles.fields.refuse(installation.state_of(user_id="ada"), event)
    assert event.properties == {"plan": 1}
    assert event.marks == (REFUSED,)
    assert not profiles.fields.refuse(installation.state_of(user_id="ada"), event)


def test_a_worker_knows_what_is_out_of_sight_before_it_looks_for_duplicates(
    installation: Installation,
) -> None:
    know(installation, first_name="Ada", last_name="Byron", birthday="1990-02-03")
    belongs(installation, "trait", "birthday", "personalisation")
    assert "dob" in (record_of(installation.state_of(user_id="ada")) or {})
    field_book.reload(installation.connection)
    assert "dob" not in (record_of(installation.state_of(user_id="ada")) or {})


def test_a_purpose_that_goes_by_another_name_is_heard_of(installation: Installation) -> None:
    def marked(name: str, basis: str = "consent") -> str:
        installation.connection.execute(
            "insert into purpose (key, name, kind, basis, wording, version, offered, place)"
            " values ('letters', %s, 'topic', %s, 'We write.', 1, true, 1)"
            " on conflict (key) do update set name = excluded.name, basis = excluded.basis",
            [name, basis],
        )
        return field_book.mark(installation.connection)

    assert field_book.mark(installation.connection) == ""
    marks = [marked("News"), marked("Letters"), marked("Letters", "contract")]
    belongs(installation, "trait", "birthday", "letters")
    marks.append(field_book.mark(installation.connection))
    assert len(set(marks)) == 4
    assert marked("News") != marks[0]
    installation.connection.execute("delete from field_setting")
    assert marked("News") == marks[0]
