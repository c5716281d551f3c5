"""The text form of a rule, both ways.

trait.country in ["DE", "FR"] and not circumstance "order_late"
did "Order Completed" at least 2 times within 30 days where value > 50, category = "Shoes"
did "Order Completed" total value at least 500 within 90 days where currency = "EUR"
(mood.valence < -0.3 or order.days_late >= 3) and consent "marketing"
"""

from __future__ import annotations

import json
import re

import msgspec

from heed.contracts.lake import private_name
from heed.kit.money import in_e4
from heed.rules.facts import UnknownFact, fact, facts
from heed.rules.tree import (
    HORIZON,
    TOTALS,
    All,
    Any,
    Compare,
    Consents,
    Did,
    Holds,
    InSegment,
    Literal_,
    Not,
    Rule,
    Window,
)


class RuleError(ValueError):
    """A rule's text cannot be read; `position` is the character it stumbled over."""

    def __init__(self, message: str, position: int = 0) -> None:
        super().__init__(message)
        self.position = position


_TOKEN = re.compile(
    r"""\s*(?:
      (?P<text>"(?:[^"\\]|\\.)*")
    | (?P<number>-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)
    | (?P<sign><=|>=|!=|=|<|>|\(|\)|\[|\]|,)
    | (?P<word>[A-Za-z_][\w.:\-]*)
    )""",
    re.VERBOSE,
)
_KEYWORDS = {"and", "or", "not", "did", "circumstance", "consent", "segment", "where", "within", "in", "is"}
_DEPTH = 40
_UNKEEPABLE = re.compile("[\x00\ud800-\udfff]")
"""The NUL character and halves of characters: no store keeps them."""
_COUNTS = {">=": "at least", "<=": "at most", "=": "exactly", ">": "more than", "<": "fewer than"}
_UNITS = {"minute": 1, "minutes": 1, "hour": 1, "hours": 1, "day": 1, "days": 1, "week": 7, "weeks": 7}


def parse(text: str) -> Rule:
    """The tree of a rule's text; raises `RuleError` with a message for the person who wrote it."""
    return _Parser(text).whole()


class _Parser:
    def __init__(self, text: str) -> None:
        self.tokens: list[tuple[str, str, int]] = []
        position = 0
        end = len(text.rstrip())
        while position < end:
            match = _TOKEN.match(text, position)
            if match is None:
                position += len(text[position:]) - len(text[position:].lstrip())
                raise RuleError(f"I cannot read {text[position : position + 10]!r}", position)
            kind = str(match.lastgroup)
            self.tokens.append((kind, match.group(kind), match.start(kind)))
            position = match.end()
        self.end = end
        self.at = 0
        self.depth = 0

    def whole(self) -> Rule:
        if not self.tokens:
            raise RuleError("The rule is empty")
        rule = self.either()
        if self.at < len(self.tokens):
            raise self.trouble("“and” or “or”")
        return rule

    def either(self) -> Rule:
        self.depth += 1
        if self.depth > _DEPTH:
            raise RuleError(f"The rule is nested more than {_DEPTH} deep", self.position())
        rules = [self.both()]
        while self.take("or"):
            rules.append(self.both())
        self.depth -= 1
        return rules[0] if len(rules) == 1 else Any(tuple(rules))

    def both(self) -> Rule:
        rules = [self.single()]
        while self.take("and"):
            rules.append(self.single())
        return rules[0] if len(rules) == 1 else All(tuple(rules))

    def single(self) -> Rule:
        if self.take("not"):
            self.depth += 1
            if self.depth > _DEPTH:
                raise RuleError(f"The rule is nested more than {_DEPTH} deep", self.position())
            inner = Not(self.single())
            self.depth -= 1
            return inner
        if self.take("("):
            rule = self.either()
            self.need(")")
            return rule
        if self.take("did"):
            return self.did()
        if self.take("circumstance"):
            return Holds(self.quoted("the circumstance's name in quotes"))
        if self.take("consent"):
            return Consents(self.quoted("the purpose in quotes"))
        if self.take("segment"):
            return InSegment(self.quoted("the segment's key in quotes"))
        kind, word, position = self.peek()
        if kind != "word" or word in _KEYWORDS:
            raise self.trouble("a condition")
        self.at += 1
        if not word.startswith("trait."):
            self.check_fact(word, position)
        elif len(word) == len("trait."):
            raise RuleError("The trait's name is missing", position)
        return self.comparison(word)

    def check_fact(self, name: str, position: int) -> None:
        try:
            fact(name)
        except UnknownFact:
            names = ", ".join(each.name for each in facts())
            raise RuleError(
                f"There is nothing called {name!r}. Use trait.<name>, did, circumstance, consent, segment, or one of: "
                f"{names}",
                position,
            ) from None

    def did(self) -> Did:
        event = self.quoted("the event's name in quotes")
        total = self.total()
        operator: str = ">="
        count: float | int = 1
        for sign, words in _COUNTS.items():
            if self.take(*words.split()):
                operator, count = sign, self.amount() if total else self.whole_number()
                if not total and not (self.take("times") or self.take("time")):
                    raise self.trouble("“times”")
                break
        else:
            if total:
                raise self.trouble("“at least”, “more than”, “exactly”, “at most” or “fewer than”")
        window = None
        if self.take("within"):
            window = self.window()
        where: list[Compare] = []
        if self.take("where"):
            where.append(self.filter())
            while self.take(","):
                where.append(self.filter())
        return msgspec.convert(
            {
                "event": event,
                "operator": operator,
                "count": count,
                "window": window,
                "where": tuple(where),
                "total": total,
            },
            Did,
            from_attributes=True,
        )

    def total(self) -> str:
        """The amount to be summed; empty where events are counted."""
        if not self.take("total"):
            return ""
        for name in TOTALS:
            if self.take(name):
                return name
        raise self.trouble(" or ".join(TOTALS))

    def amount(self) -> float | int:
        kind, word, position = self.peek()
        if kind != "number" or in_e4(word) is None:
            raise self.trouble("an amount")
        self.at += 1
        number = _number(word)
        if isinstance(number, float) and round(number, 4) != number:
            raise RuleError("An amount has at most four decimals", position)
        return number

    def window(self) -> Window:
        position = self.position()
        amount = self.whole_number()
        kind, word, _ = self.peek()
        if kind != "word" or word not in _UNITS:
            raise self.trouble("minutes, hours, days or weeks")
        self.at += 1
        amount *= _UNITS[word]
        unit = {"m": "minutes", "h": "hours"}.get(word[0], "days")
        if not 1 <= amount <= HORIZON[unit]:
            raise RuleError(
                f"A window in {unit} is 1 to {HORIZON[unit]} long; this one is {amount}", position
            )
        return msgspec.convert({"amount": amount, "unit": unit}, Window)

    def filter(self) -> Compare:
        kind, word, position = self.peek()
        if kind == "text":
            word = self.quoted("a property")
        elif kind == "word" and word not in _KEYWORDS:
            self.at += 1
        else:
            raise self.trouble("a property's name")
        if private_name(word):
            raise RuleError(
                f"{word!r} holds personal data, which is kept encrypted and cannot be filtered by", position
            )
        return self.comparison(word)

    def comparison(self, field: str) -> Compare:
        if self.take("is"):
            if self.take("known"):
                return Compare(field, "known")
            if self.take("unknown"):
                return Compare(field, "unknown")
            raise self.trouble("“known” or “unknown”")
        if self.take("contains"):
            return Compare(field, "contains", self.quoted("a text in quotes"))
        if self.take("in"):
            self.need("[")
            values = [self.literal()]
            while self.take(","):
                values.append(self.literal())
            self.need("]")
            return Compare(field, "in", tuple(values))
        kind, sign, position = self.peek()
        if kind != "sign" or sign not in {"=", "!=", "<", "<=", ">", ">="}:
            raise self.trouble("=, !=, <, <=, >, >=, in, contains or “is known”")
        self.at += 1
        value = self.literal()
        if sign not in {"=", "!="} and (isinstance(value, bool) or not isinstance(value, (int, float))):
            raise RuleError(f"{sign} compares numbers", position)
        return msgspec.convert({"field": field, "operator": sign, "value": value}, Compare)

    def literal(self) -> float | int | str | bool:
        kind, word, _ = self.peek()
        if kind == "text":
            return self.quoted("a value")
        if kind == "number":
            self.at += 1
            return _number(word)
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

    def peek(self) -> tuple[str, str, int]:
        return self.tokens[self.at] if self.at < len(self.tokens) else ("end", "", self.end)

    def position(self) -> int:
        return self.peek()[2]

    def trouble(self, expected: str) -> RuleError:
        kind, word, position = self.peek()
        found = "the rule ends" if kind == "end" else f"there is {word[:40]!r}"
        return RuleError(f"Here I expect {expected}, but {found}", position)


def _number(word: str) -> int | float:
    if word.lstrip("-").isdigit() and len(word) <= 20 and abs(int(word)) < 2**63:
        return int(word)
    number = float(word)
    if number in {float("inf"), float("-inf")}:
        raise RuleError(f"{word} is too large a number")
    return number


def text(rule: Rule) -> str:
    """The rule as its author would write it; `parse(text(rule)) == rule`."""
    return _text(rule, 0)


def _text(rule: Rule, binding: int) -> str:
    if isinstance(rule, Any):
        body = " or ".join(_text(each, 2 if isinstance(each, Any) else 1) for each in rule.rules)
        return f"({body})" if binding >= 1 else body
    if isinstance(rule, All):
        body = " and ".join(_text(each, 2) for each in rule.rules)
        return f"({body})" if binding >= 2 else body
    if isinstance(rule, Not):
        return f"not {_text(rule.rule, 2)}"
    if isinstance(rule, Compare):
        return _comparison(rule, rule.field)
    if isinstance(rule, Did):
        parts = [f"did {_quote(rule.event)}"]
        if rule.total:
            parts.append(f"total {rule.total} {_COUNTS[rule.operator]} {rule.count!r}")
        elif (rule.operator, rule.count) != (">=", 1):
            parts.append(f"{_COUNTS[rule.operator]} {rule.count} times")
        if rule.window:
            parts.append(f"within {rule.window.amount} {rule.window.unit}")
        if rule.where:
            parts.append(
                "where " + ", ".join(_comparison(each, _property(each.field)) for each in rule.where)
            )
        return " ".join(parts)
    if isinstance(rule, Holds):
        return f"circumstance {_quote(rule.circumstance)}"
    if isinstance(rule, InSegment):
        return f"segment {_quote(rule.segment)}"
    return f"consent {_quote(rule.purpose)}"


def _comparison(rule: Compare, field: str) -> str:
    if rule.operator in {"known", "unknown"}:
        return f"{field} is {rule.operator}"
    if isinstance(rule.value, tuple):
        return f"{field} in [{', '.join(_literal(each) for each in rule.value)}]"
    return f"{field} {rule.operator} {_literal(rule.value)}"


def _literal(value: Literal_) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return _quote(value) if isinstance(value, str) else repr(value)


def _quote(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)


def quoted(value: str) -> str:
    """A text as a rule holds it: in quotes, what is inside escaped."""
    return _quote(value)


def is_name(name: str) -> bool:
    """Whether a trait of this name can be written without quotes, as `trait.<name>` has to be."""
    return bool(re.fullmatch(r"[\w.:\-]+", name))


def _property(name: str) -> str:
    plain = re.fullmatch(r"[A-Za-z_][\w.:\-]*", name) and name not in _KEYWORDS
    return name if plain else _quote(name)
