"""What sense gives to the fold and to the rule language."""

from __future__ import annotations

from heed.contracts.fold import Section
from heed.ports.sensing import set_sensing
from heed.profiles import api as profiles
from heed.rules.facts import register_fact
from heed.rules.turns import fading, register_turn
from heed.sense import api
from heed.sense.domain import feel, surroundings
from heed.sense.domain.circumstances import local_turn
from heed.sense.domain.mood import Feelings, merge
from heed.sense.reader import Reader
from heed.sense.weighing import weighing

MOOD = Section("mood", Feelings, feel.make_step(weighing.in_force), after=("orders", "cases"), merge=merge)
CIRCUMSTANCES = Section(
    "circumstances", surroundings.Surroundings, surroundings.step, merge=surroundings.merge
)
FACTS = (*feel.facts(weighing.in_force), *surroundings.FACTS)


def register() -> None:
    """Called once at start-up; a second call changes nothing."""
    profiles.register_section(MOOD)
    profiles.register_section(CIRCUMSTANCES)
    profiles.register_projection(api.projection)
    profiles.register_holds(api.holds)
    profiles.register_book(weighing.mark, weighing.reload)
    for fact in FACTS:
        register_fact(fact)
        if fact.name.startswith("mood."):
            register_turn(fact.name, fading)
    register_turn("local.hour", local_turn)
    set_sensing(Reader())
