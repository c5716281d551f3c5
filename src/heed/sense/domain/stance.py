"""The stance: what mood and circumstances mean for our part of the conversation."""

from __future__ import annotations

from collections.abc import Container, Sequence

from heed.contracts.mood import Circumstance, Mood, Stance, feeling

UPSET = -0.25
VERY_UPSET = -0.5
PLEASED = 0.35
DELIGHTED = 0.6
SURE = 0.5
FAIRLY_SURE = 0.35
URGENT = 0.5

OFFERS = ("promotion", "upsell", "survey", "review_request")
INTRUSIVE = ("call", "sms")
OPEN_WOUNDS = ("order_late", "promise_overdue", "contact_repeated", "just_complained", "case_open")
OUR_FAULT = ("order_late", "promise_overdue", "contact_repeated", "just_complained")

WORTH_SAYING = 0.2
"""The least weight with which a circumstance is named among the reasons."""


def stance(mood: Mood, circumstances: Sequence[Circumstance], locale: str = "en") -> Stance:
    """What follows for tone, speaker, what comes first and what is held back.

    Drastic steps (a person must speak, an apology without a known cause) need a confident mood; what is a
    fact, like a late order, counts whatever the mood. `locale` is the customer's; the sentences are for the
    team, in English, and are translated where they are shown.
    """
    true_now = {one.name: one for one in circumstances}
    sure, fairly = mood.confidence >= SURE, mood.confidence >= FAIRLY_SURE
    upset = fairly and mood.valence <= UPSET
    wounds = [name for name in OPEN_WOUNDS if name in true_now]
    ours = [name for name in OUR_FAULT if name in true_now]
    pleased = fairly and mood.valence >= PLEASED
    tone = _tone(mood, upset, sure, pleased, ours, bool(wounds) or "payment_failed" in true_now)
    speaker = speaker_of(mood, true_now)
    first = _first(tone, true_now, upset)
    hold: list[str] = list(OFFERS) if upset or wounds else []
    if not hold and "payment_failed" in true_now:
        hold = ["upsell", "survey", "review_request"]
    if "night_there" in true_now:
        hold.extend(INTRUSIVE)
    return Stance(
        tone,
        speaker,
        _summary(tone, speaker, first, hold, true_now),
        tuple(hold),
        first,
        _reasons(mood, true_now),
    )


def _tone(mood: Mood, upset: bool, sure: bool, pleased: bool, ours: list[str], burdened: bool) -> str:
    if (
        ours
        and not pleased
        and (upset or any(name in ours for name in ("order_late", "promise_overdue", "just_complained")))
    ):
        return "apologetic"
    if upset and sure and mood.valence <= VERY_UPSET:
        return "apologetic"
    if upset or burdened or ours:
        return "caring"
    if pleased:
        return "celebratory" if sure and mood.valence >= DELIGHTED else "warm"
    return "plain"


def speaker_of(mood: Mood, true_now: Container[str]) -> str:
    """Who should speak, given the mood and the names of the circumstances that hold."""
    upset = mood.confidence >= FAIRLY_SURE and mood.valence <= UPSET
    very_upset = mood.confidence >= SURE and mood.valence <= VERY_UPSET
    if very_upset or "contact_repeated" in true_now or "promise_overdue" in true_now:
        return "person"
    if upset and mood.urgency >= URGENT:
        return "person"
    if upset or "just_complained" in true_now or "case_open" in true_now or "payment_failed" in true_now:
        return "bot"
    return "self_service"


def _first(tone: str, true_now: dict[str, Circumstance], upset: bool) -> tuple[str, ...]:
    first = ["apology"] if tone == "apologetic" else []
    if any(name in true_now for name in ("order_late", "case_open", "promise_overdue")):
        first.append("status_update")
    if "payment_failed" in true_now or (upset and "status_update" not in first):
        first.append("help")
    if tone in {"warm", "celebratory"}:
        first.append("thanks")
    return tuple(first)


def _summary(
    tone: str, speaker: str, first: tuple[str, ...], hold: list[str], true_now: dict[str, Circumstance]
) -> str:
    if tone == "apologetic":
        said = "Apologise first, and let a person speak." if speaker == "person" else "Apologise first."
        if speaker != "person" and "status_update" in first:
            said = "Apologise first, then say what happens next."
    elif tone == "caring":
        said = (
            "Be careful with them, and let a person speak."
            if speaker == "person"
            else "Help before anything else."
        )
        if speaker != "person" and "status_update" in first:
            said = "Say how things stand before anything else."
    elif tone == "celebratory":
        said = "They are delighted: thank them."
    elif tone == "warm":
        said = "They are pleased: be warm, and thank them."
    else:
        said = "Nothing special: be plain and useful."
    if "night_there" in true_now and any(channel in hold for channel in INTRUSIVE):
        said += " Do not ring or text now, it is night there."
    return said


def _reasons(mood: Mood, true_now: dict[str, Circumstance]) -> tuple[str, ...]:
    weighty = [
        one for one in true_now.values() if abs(one.weight) >= WORTH_SAYING or one.name == "night_there"
    ]
    reasons = [f"{one.label[:1].upper()}{one.label[1:]}." for one in weighty]
    if mood.confidence >= FAIRLY_SURE:
        reasons.insert(0, _feeling(mood))
        for piece in mood.evidence[:3]:
            if abs(piece.contribution) >= 0.05:
                stop = "" if piece.excerpt.endswith((".", "!", "?", "…")) else "."
                quoted = f": “{piece.excerpt}”{stop}" if piece.excerpt else stop
                subject = "They " if _is_deed(piece.label) else ""
                said = f"{subject}{piece.label}{quoted}"
                reasons.append(f"{said[:1].upper()}{said[1:]}")
    elif mood.confidence > 0:
        reasons.append("How they feel is not clear enough to act on.")
    return tuple(dict.fromkeys(reasons))


def _feeling(mood: Mood) -> str:
    degree = feeling(mood.valence).capitalize()
    sign = "+" if mood.valence >= 0 else "−"
    usual = "+" if mood.baseline >= 0 else "−"
    here, there = f"{sign}{abs(mood.valence):.2f}", f"{usual}{abs(mood.baseline):.2f}"
    text = f"{degree} ({here} ± {mood.spread:.2f}, usually {there})"
    return f"{text} and urgent." if mood.urgency >= URGENT else f"{text}."


_DEEDS = (
    "wrote",
    "complained",
    "asked",
    "rated",
    "clicked",
    "met",
    "gave",
    "searched",
    "placed",
    "wanted",
    "returned",
)
_MORE_DEEDS = ("was refunded", "renewed", "cancelled", "had to", "received", "unsubscribed", "marked")


def _is_deed(label: str) -> bool:
    """Whether a label says what the customer did, so that it follows "They"."""
    return label.startswith(_DEEDS + _MORE_DEEDS)
