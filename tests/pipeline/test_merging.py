"""People found to be one are joined with everything that was known of both, whatever the batch named."""

from __future__ import annotations

from tests.installation import Installation


def test_identifiers_the_batch_does_not_name_move_with_the_person(installation: Installation) -> None:
    contact = {"traits": {"email": "x@example.org"}}
    installation.happen("Seen", anonymousId="laptop", context=contact)
    installation.happen("Signed In", userId="u1")
    installation.happen("Asked", userId="u1", context=contact)
    assert len(installation.profile_ids()) == 1
    installation.happen("Seen Again", anonymousId="laptop")
    assert len(installation.profile_ids()) == 1
    assert installation.state_of(anonymous_id="laptop").activity.names["Seen Again"] == 1


def test_a_chain_of_joins_in_one_batch_is_carried(installation: Installation) -> None:
    for number in range(6):
        installation.happen(
            "Seen", anonymousId=f"a{number}", context={"traits": {"phone": f"+4930123456{number}"}}
        )
    links = [
        installation.event(
            "Asked", anonymousId=f"a{number}", context={"traits": {"phone": f"+4930123456{number + 1}"}}
        )
        for number in range(4)
    ]
    installation.send(*links)
    installation.carry()
    assert len(installation.profile_ids()) == 2
    assert installation.state_of(phone="+49301234560").identity.events == 9
