"""How good or bad single words and emoji sound, about −4…4, in six languages.

`valence.tsv` (word, value; licences beside it) is built by tools/text_words.py from the word lists of VADER (MIT), AFINN (MIT) with its
translations (MIT) and Pattern (PDDL, BSD), and lists of Heed's own; words are as `lexicon.plain` makes them.
"""

from __future__ import annotations

from pathlib import Path

PATH = Path(__file__).with_name("valence.tsv")

_STRONGER = """
    very really so extremely absolutely totally completely incredibly super too such utterly truly highly
    sehr echt total absolut wirklich richtig extrem besonders vollig tres vraiment trop tellement super
    extremement totalement muy realmente tan demasiado super totalmente bastante molto davvero troppo
    veramente assolutamente proprio muito realmente demais tao super totalmente
"""
_WEAKER = """
    slightly somewhat little bit kinda fairly partly rather etwas bisschen wenig ziemlich eher peu plutot
    assez poco algo poco abbastanza piuttosto pouco meio
"""
BOOSTERS = {**dict.fromkeys(_STRONGER.split(), 1.3), **dict.fromkeys(_WEAKER.split(), 0.7)}
"""By how much a word changes the valence of the next."""

_GOOD = "😀😃😄😁😆😊🙂😍🥰😘😋🤗🤩😎👍👏🙌💪🎉❤💕💖💙💚💛💜🧡✨🔥💯☺😂🤣🙏⭐🌟♥👌😇🥳💐🏆✌🎊💞💗💓😻😉🤝"
_BAD = "😠😡🤬😤😞😢😭😩😫😖😣😕🙁☹👎🤮🤢💩😒🙄😑😪😰😱💔🖕😓😥😐😔😟😧😨😦🤦🤯🥵🥴🤡🚮😾💢⛔❌"
EMOJI = {**dict.fromkeys(_GOOD, 2.0), **dict.fromkeys(_BAD, -2.0)}


def _load() -> dict[str, float]:
    lines = PATH.read_text(encoding="utf-8").splitlines()
    return {word: float(value) for word, value in (line.split("\t") for line in lines)}


_VALENCE = _load()


def valence_of(word: str) -> float:
    """The valence of a `plain` word, 0 where nothing is known of it."""
    return _VALENCE.get(word, 0.0)
