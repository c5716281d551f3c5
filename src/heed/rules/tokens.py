"""The words a rule's text is made of, and reading them one after the other."""

from __future__ import annotations

import json
import re


class RuleError(ValueError):
    """A rule's text cannot be read; `position` is the character it stumbled over."""

    def __init__(self, message: str, position: int = 0) -> None:
        super().__init__(message)
        self.position = position


KEYWORDS = {
    *("and", "or", "not", "did", "circumstance", "consent", "segment", "where", "within", "in", "is"),
    *("then", "first", "last"),
}
COUNTS = {">=": "at least", "<=": "at most", "=": "exactly", ">": "more than", "<": "fewer than"}
_TOKEN = re.compile(
    r"""\s*(?:
      (?P<text>"(?:[^"\\]|\\.)*")
    | (?P<number>-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)
    | (?P<sign><=|>=|!=|=|<|>|\(|\)|\[|\]|,)
    | (?P<word>[A-Za-z_][\w.:\-]*)
    )""",
    re.VERBOSE,
)
_OTHER_QUOTES = "'‘’‚“”„«»`"
_UNKEEPABLE = re.compile("[\x00\ud800-\udfff]")
"""The NUL character and halves of characters: no store keeps them."""


class Tokens:
    """A text taken apart; `take`, `need` and their like go through it and say what was expected where."""

    def __init__(self, text: str) -> None:
        self.tokens: list[tuple[str, str, int]] = []
        position = 0
        end = len(text.rstrip())
        while position < end:
            match = _TOKEN.match(text, position)
            if match is None:
                position += len(text[position:]) - len(text[position:].lstrip())
                quotes = ': put texts in double quotes, as in "DE"' if text[position] in _OTHER_QUOTES else ""
                raise RuleError(f"I cannot read {text[position : position + 10]!r}{quotes}", position)
            kind = str(match.lastgroup)
            self.tokens.append((kind, match.group(kind), match.start(kind)))
            position = match.end()
        self.end = end
        self.at = 0

    def literal(self) -> float | int | str | bool:
        kind, word, _ = self.peek()
        if kind == "text":
            return self.quoted("a value")
        if kind == "number":
            self.at += 1
            return number_of(word)
        if word in {"true", "false"}:
            self.at += 1
            return word == "true"
        raise self.trouble("a number, a text in quotes, true or false")

    def whole_number(self) -> int:
        kind, word, _ = self.peek()
        if kind != "number" or not word.isdigit() or len(word) > 6:
            raise self.trouble("a whole number")
        self.at += 1
        return int(word)

    def quoted(self, what: str) -> str:
        kind, word, position = self.peek()
        if kind != "text":
            raise self.trouble(what)
        self.at += 1
        try:
            found = str(json.loads(word, strict=False))
        except ValueError:
            raise RuleError(f"The text {word} has a wrong backslash", position) from None
        if _UNKEEPABLE.search(found):
            raise RuleError(f"The text {word} has a character that no event can have", position)
        return found

    def take(self, *words: str) -> bool:
        here = self.tokens[self.at : self.at + len(words)]
        if len(here) < len(words):
            return False
        if all(kind != "text" and token == word for (kind, token, _), word in zip(here, words, strict=True)):
            self.at += len(words)
            return True
        return False

    def need(self, word: str) -> None:
        if not self.take(word):
            raise self.trouble(f"“{word}”")

    def peek(self, ahead: int = 0) -> tuple[str, str, int]:
        place = self.at + ahead
        return self.tokens[place] if place < len(self.tokens) else ("end", "", self.end)

    def position(self) -> int:
        return self.peek()[2]

    def trouble(self, expected: str) -> RuleError:
        kind, word, position = self.peek()
        found = "the rule ends" if kind == "end" else f"there is {word[:40]!r}"
        return RuleError(f"Here I expect {expected}, but {found}", position)


def number_of(word: str) -> int | float:
    if word.lstrip("-").isdigit() and len(word) <= 20 and abs(int(word)) < 2**63:
        return int(word)
    number = float(word)
    if number in {float("inf"), float("-inf")}:
        raise RuleError(f"{word} is too large a number")
    return number
