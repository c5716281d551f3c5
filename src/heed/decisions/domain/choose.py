"""The next best action: eligible → applicable → suitable → permitted → not held → not capped → arbitrated.

Arbitration after Pega: priority = P × C × V × L, propensity × context weight × value × lever. Kinds of
action the stance puts first go before everything else; kinds it holds back are out. "Send nothing" takes
part with a priority of its own.
"""

from __future__ import annotations

import msgspec

from heed import rules
from heed.contracts.consent import CADENCES, SERVICE
from heed.contracts.decision import Considered, Decision, Outcome, Treatment
from heed.contracts.fold import State
from heed.contracts.mood import Circumstance, Mood, Stance, feeling
from heed.decisions.domain.catalogue import Action, Catalogue, Ready, Tally
from heed.decisions.domain.exposure import CONTACTING, times_within
from heed.decisions.domain.wording import customer_reason, mood_words
from heed.kit.clock import DAY, HOUR
from heed.rules.tree import Rule

PRIOR_RATE = 0.1
PRIOR_WEIGHT = 20.0
"""Before anything is known an action is taken to be accepted once in ten; that is worth 20 showings."""

SILENCE = 0.05
"""What it is worth not to bother a calm customer who has heard nothing lately, in currency units."""

_QUESTIONS: dict[str, tuple[Outcome, str]] = {
    "eligible": ("not_eligible", "is only for those with: "),
    "applicable": ("not_applicable", "would make sense with: "),
    "suitable": ("not_suitable", "would suit this person with: "),
}


class Situation(msgspec.Struct, frozen=True):
    """Everything a choice rests on; `now` is ms, `permits` the purposes consented to."""

    state: State
    mood: Mood
    circumstances: tuple[Circumstance, ...]
    stance: Stance
    placement: str
    channel: str
    now: int


def propensity(tally: Tally) -> float:
    """Chance of acceptance: counts with a beta prior of mean `PRIOR_RATE` and weight `PRIOR_WEIGHT`."""
    return (tally.accepted + PRIOR_RATE * PRIOR_WEIGHT) / (max(tally.shown, tally.accepted) + PRIOR_WEIGHT)


def silence_value(mood: Mood, shown_today: int) -> float:
    """The priority of sending nothing: grows with every contact today and with a surely bad mood."""
    return SILENCE * (1 + shown_today) * (1 + 4 * max(0.0, -mood.valence) * mood.confidence)


def choose(catalogue: Catalogue, situation: Situation) -> Decision:
    judged = [_judge(ready, catalogue, situation) for ready in catalogue.ready]
    seen = [considered for considered, _, _ in judged if considered is not None]
    running = [
        (considered, ready, treatment)
        for (considered, treatment, _), ready in zip(judged, catalogue.ready, strict=True)
        if considered is not None and treatment is not None
    ]
    first = situation.stance.first
    running.sort(key=lambda each: (_rank(each[0].kind, first), -each[0].priority, each[0].action))
    shown_today = sum(
        times_within(situation.state.decisions, action, situation.now - DAY)
        for action in situation.state.decisions.shown
    )
    silence = silence_value(situation.mood, shown_today)
    winner = running[0] if running else None
    if winner and winner[0].kind not in first and winner[0].priority <= silence:
        winner = None
    named = feeling(situation.mood.valence).capitalize()
    reasons = [mood_words(situation.mood)]
    reasons += [each for each in situation.stance.reasons if not each.startswith(f"{named} (")]
    if winner is None:
        reasons.append(_why_nothing(running, silence, seen))
        return Decision(None, None, tuple(reasons), "", _outcomes(seen, None, silence))
    considered, ready, treatment = winner
    reasons.append(_why(considered, first, silence, running))
    held = [each.name for each in seen if each.outcome == "held"]
    if held:
        reasons.append(f"Held back for now: {', '.join(held)}.")
    return Decision(
        considered.action,
        treatment,
        tuple(reasons),
        customer_reason(ready, situation.state, situation.circumstances, situation.now),
        _outcomes(seen, considered.action, silence),
    )


def _rank(kind: str, first: tuple[str, ...]) -> int:
    return first.index(kind) if kind in first else len(first)


def _judge(
    ready: Ready, catalogue: Catalogue, situation: Situation
) -> tuple[Considered | None, Treatment | None, str]:
    """The action as considered; with a treatment where it is still in the running.

    None where the action has nothing for this placement or is out of its dates: it was never a candidate.
    """
    action, now = ready.action, situation.now
    treatment = _treatment(action, situation)
    if treatment is None or now < action.valid_from or (action.valid_to and now >= action.valid_to):
        return None, None, ""
    refused = _refusal(ready, catalogue, situation)
    if refused is not None:
        outcome, reason = refused
        return Considered(action.key, action.name, action.kind, outcome, reason), None, reason
    chance = propensity(catalogue.tallies.get((action.key, situation.placement), Tally()))
    weight = 1.0
    if "context" in ready.tests and ready.tests["context"](situation.state, now):
        weight = action.context_weight
    priority = chance * weight * action.value * action.lever
    considered = Considered(
        action.key, action.name, action.kind, "outranked", "",
        chance, weight, action.value, action.lever, priority,
    )  # fmt: skip
    return considered, treatment, ""


def _treatment(action: Action, situation: Situation) -> Treatment | None:
    fitting = [
        each
        for each in action.treatments
        if each.placement == situation.placement
        and (not each.channel or not situation.channel or each.channel == situation.channel)
    ]
    exact = [each for each in fitting if each.channel == situation.channel]
    return next(iter(exact or fitting), None)


def _refusal(ready: Ready, catalogue: Catalogue, situation: Situation) -> tuple[Outcome, str] | None:
    action, state, now = ready.action, situation.state, situation.now
    if not ready.conditions <= catalogue.counted:
        return "not_eligible", "its rules are being prepared; this takes a moment after a change"
    for question, (outcome, words) in _QUESTIONS.items():
        test = ready.tests.get(question)
        if test is not None and not test(state, now):
            missing = " and ".join(rules.unmet(ready.rules[question], state, now))
            return outcome, f"{words}{missing} (not so now)"
    if action.purpose and not state.consent.permits(action.purpose, now):
        resting = state.consent.paused(now)
        return (
            "not_permitted",
            "they asked for a pause" if resting else f"no {rules.consent_to(action.purpose)}",
        )
    if action.purpose and action.purpose != SERVICE and situation.channel in CONTACTING:
        days = state.consent.cadence
        if days and any(now - at < days * DAY for at in state.decisions.contacts):
            return "capped", f"they want to hear from us {CADENCES.get(days, 'less often')}"
    if action.kind in situation.stance.hold:
        return "held", f"{situation.stance.summary.rstrip('.')}: no {action.kind.replace('_', ' ')} now"
    if action.cap_count:
        since = now - action.cap_days * DAY
        if action.kind in situation.stance.first:
            since = max(since, _spoke_up(state, now))
        times = times_within(state.decisions, action.key, since)
        if times >= action.cap_count:
            return (
                "capped",
                f"had it {times} time{'' if times == 1 else 's'} in {action.cap_days} days, the limit is {action.cap_count}",
            )
    return None


def _spoke_up(state: State, now: int) -> int:
    """When the customer last complained or got in touch (ms): what was said before does not answer it."""
    latest = 0
    for name in ("complaint.hours_ago", "contact.hours_ago"):
        try:
            hours = rules.fact(name).read(state, now)
        except rules.UnknownFact:
            continue
        if isinstance(hours, int | float):
            latest = max(latest, now - round(hours * HOUR))
    return latest


def _why(
    winner: Considered,
    first: tuple[str, ...],
    silence: float,
    running: list[tuple[Considered, Ready, Treatment]],
) -> str:
    formula = (
        f"{winner.propensity:.2f} likely × {winner.context:g} context × {winner.value:g} value × "
        f"{winner.lever:g} lever = {winner.priority:.2f}"
    )
    if winner.kind in first:
        return f"“{winner.name}” goes first, because this is the time for {_kind_words(winner.kind)} ({formula})."
    others = [each for each, _, _ in running[1:]]
    against = ""
    if others:
        level = f"{others[0].priority:.2f}" == f"{winner.priority:.2f}"
        against = (
            f", {'level with' if level else 'ahead of'} “{others[0].name}” with {others[0].priority:.2f}"
        )
    return f"“{winner.name}” has the highest priority: {formula}{against}; saying nothing {silence:.2f}."


def _kind_words(kind: str) -> str:
    return {"apology": "an apology", "status_update": "news of where things stand", "thanks": "thanks"}.get(
        kind, kind.replace("_", " ")
    )


_SHORT = {"held": "is held back: ", "capped": "", "not_permitted": "has "}


def _why_nothing(
    running: list[tuple[Considered, Ready, Treatment]], silence: float, seen: list[Considered]
) -> str:
    if running:
        best = running[0][0]
        return f"Say nothing: that is worth {silence:.2f}, “{best.name}” only {best.priority:.2f}."
    if not seen:
        return "Say nothing: no action has a treatment for this placement now."
    words = "; ".join(f"“{each.name}” {_SHORT.get(each.outcome, '')}{each.reason}" for each in seen)
    return f"Say nothing: no action passes. {words}."


def _outcomes(seen: list[Considered], chosen: str | None, silence: float) -> tuple[Considered, ...]:
    """Everything considered, the chosen first, then by priority; saying nothing among them."""
    nothing = Considered(
        "", "Say nothing", "nothing", "chosen" if chosen is None else "outranked", "", priority=silence
    )
    listed = []
    for each in (*seen, nothing):
        if each.action and each.action == chosen:
            each = msgspec.structs.replace(each, outcome="chosen")
        elif each.outcome == "outranked":
            each = msgspec.structs.replace(each, reason=f"priority {each.priority:.2f}")
        listed.append(each)
    listed.sort(
        key=lambda each: (each.outcome != "chosen", each.outcome != "outranked", -each.priority, each.name)
    )
    return tuple(listed)


__all__ = ["Rule", "Situation", "choose", "propensity", "silence_value"]
