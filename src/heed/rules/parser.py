"""The text form of a rule: from what somebody wrote to the tree.

trait.country in ["DE", "FR"] and not circumstance "order_late"
did "Order Completed" at least 2 times within 30 days where value > 50, category = "Shoes"
did "Order Completed" total value at least 500 within 90 days where currency = "EUR"
did "Product Added" then no "Order Completed" in 2 hours within 7 days
last "Order Completed" where value > 100 within 90 days
trait.trial_ends within next 7 days or trait.birthday anniversary today
(mood.valence < -0.3 or order.days_late >= 3) and consent "marketing"
"""

from __future__ import annotations

from difflib import get_close_matches

import msgspec

from heed.contracts.lake import private_name
from heed.kit.clock import DAY, parse_moment
from heed.kit.money import in_e4
from heed.rules.dates import LONGEST_ANNIVERSARY
from heed.rules.facts import UnknownFact, fact, facts
from heed.rules.tokens import COUNTS, KEYWORDS, RuleError, Tokens, number_of
from heed.rules.tree import (
    PROPERTY,
    REACHES,
    STEPS,
    TOTALS,
    All,
    Any,
    Compare,
    Consents,
    Dated,
    Did,
    Duration,
    Holds,
    InSegment,
    Not,
    Rule,
    Sequence,
    Step,
    Touch,
    Window,
)

_DENIALS = {"without", "no", "never", "except", "unless", "isn", "doesn", "lacks", "didn"}
_DEPTH = 40
_LONGEST = 3_660 * DAY
_UNITS = {"minute": 1, "minutes": 1, "hour": 1, "hours": 1, "day": 1, "days": 1, "week": 7, "weeks": 7}


def parse(text: str) -> Rule:
    """The tree of a rule's text; raises `RuleError` with a message for the person who wrote it."""
    return _Parser(text).whole()


class _Parser(Tokens):
    depth = 0

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
        if self.denied():
            return Not(self.single())
        if self.take("("):
            rule = self.either()
            self.need(")")
            return rule
        if self.take("did", "not"):
            return Not(self.did())
        if self.take("did"):
            return self.did()
        for which in ("first", "last"):
            if self.take(which):
                return self.touch(which)
        if self.take("circumstance"):
            return Holds(self.named("circumstance", "the circumstance's name in quotes"))
        if self.take("consent") or self.take("consents"):
            self.take("to")
            return Consents(self.named("consent", "the purpose in quotes"))
        if self.take("segment") or self.take("in", "segment"):
            return InSegment(self.named("segment", "the segment's key in quotes"))
        kind, word, position = self.peek()
        if kind != "word" or word in KEYWORDS:
            raise self.trouble("a condition")
        self.at += 1
        if not word.startswith("trait."):
            self.check_fact(word, position)
        elif len(word) == len("trait."):
            raise RuleError("The trait's name is missing", position)
        return self.date(word, position) or self.comparison(word)

    def denied(self) -> bool:
        """“without” and “no” say not of what has a name; `not` is what they are kept as."""
        word, (_, follows, _) = self.peek()[1], self.peek(1)
        if word not in {"without", "no"} or follows not in {"consent", "circumstance", "segment"}:
            return False
        self.at += 1
        return True

    def named(self, what: str, expected: str) -> str:
        kind, word, position = self.peek()
        if kind == "word" and word not in KEYWORDS:
            raise RuleError(f'A name stands in quotes. Did you mean {what} "{word}"?', position)
        return self.quoted(expected)

    def date(self, field: str, position: int) -> Dated | None:
        """How a date stands to now or to another one; None where the field is compared otherwise."""
        found = self.relation()
        if found is not None and not field.startswith("trait.") and fact(field).kind != "moment":
            raise RuleError(f"{field} is no date", position)
        return found and msgspec.structs.replace(found, field=field)

    def relation(self) -> Dated | None:
        for relation in ("before", "since"):
            if self.take(relation):
                position = self.position()
                date = self.quoted('a date in quotes, like "2027-01-31",')
                if parse_moment(date) is None:
                    raise RuleError(f"{date!r} is no date; write it like 2027-01-31", position)
                return Dated("", relation, date=date)
        if self.take("anniversary"):
            if self.take("today"):
                return Dated("", "anniversary", Duration(0, "days"))
            if not self.take("within", "next"):
                raise self.trouble("“today” or “within next”")
            position = self.position()
            length = self.duration()
            if length.unit != "days" or length.amount > LONGEST_ANNIVERSARY:
                raise RuleError(
                    f"An anniversary is looked for 1 to {LONGEST_ANNIVERSARY} days ahead", position
                )
            return Dated("", "anniversary", length)
        if self.take("within"):
            if not (last := self.take("last")) and not self.take("next"):
                raise self.trouble("“last” or “next”")
            return Dated("", "last" if last else "next", self.duration())
        if self.take("more", "than"):
            length = self.duration()
            if not (ago := self.take("ago")) and not self.take("ahead"):
                raise self.trouble("“ago” or “ahead”")
            return Dated("", "ago" if ago else "ahead", length)
        return None

    def check_fact(self, name: str, position: int) -> None:
        try:
            fact(name)
        except UnknownFact:
            if name.lower() in _DENIALS:
                raise RuleError(
                    f"To say that something is not so, write not before it instead of {name!r}, like not "
                    'circumstance "order_late" or not (trait.a = 1 or trait.b = 2)',
                    position,
                ) from None
            near = get_close_matches(name, [each.name for each in facts()], 3, 0.5)
            near += [each.name for each in facts() if each.name.startswith(f"{name}.")][:5]
            raise RuleError(
                f"There is nothing called {name!r}. "
                + (f"Did you mean {' or '.join(dict.fromkeys(near))}? " if near else "")
                + "A rule asks for trait.<name>, did, first, last, circumstance, consent, segment, or a fact.",
                position,
            ) from None

    def did(self) -> Did | Sequence:
        event = self.quoted("the event's name in quotes")
        where = self.filters()
        if self.peek()[1] == "then":
            return self.sequence(Step(event, where))
        total = self.total()
        operator: str = ">="
        count: float | int = 1
        for sign, words in COUNTS.items():
            if self.take(*words.split()):
                operator, count = sign, self.amount() if total else self.whole_number()
                if not total and not (self.take("times") or self.take("time")):
                    raise self.trouble("“times”")
                break
        else:
            if total:
                raise self.trouble("“at least”, “more than”, “exactly”, “at most” or “fewer than”")
        window = self.window_if_any()
        where = where or self.filters()
        return msgspec.convert(
            {
                "event": event,
                "operator": operator,
                "count": count,
                "window": window,
                "where": where,
                "total": total,
            },
            Did,
            from_attributes=True,
        )

    def sequence(self, first: Step) -> Sequence:
        steps = [first]
        while self.take("then"):
            position = self.position()
            if len(steps) == STEPS:
                raise RuleError(f"A sequence has at most {STEPS} steps", position)
            if steps[-1].absent:
                raise RuleError("After what did not happen nothing can follow", position)
            absent = self.take("no")
            event, where = self.quoted("the event's name in quotes"), self.filters()
            gap = self.duration() if self.take("in") else None
            steps.append(Step(event, where, gap, absent))
        return Sequence(tuple(steps), self.window_if_any())

    def touch(self, which: str) -> Touch:
        event = self.quoted("the event's name in quotes")
        window, where = self.window_if_any(), self.filters()
        fields = {"which": which, "event": event, "window": window or self.window_if_any(), "where": where}
        return msgspec.convert(fields, Touch, from_attributes=True)

    def filters(self) -> tuple[Compare, ...]:
        found: list[Compare] = []
        if self.take("where"):
            found.append(self.filter())
            while self.take(","):
                found.append(self.filter())
        return tuple(found)

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
        number = number_of(word)
        if isinstance(number, float) and round(number, 4) != number:
            raise RuleError("An amount has at most four decimals", position)
        return number

    def time(self) -> tuple[int, str]:
        amount = self.whole_number()
        kind, word, _ = self.peek()
        if kind != "word" or word not in _UNITS:
            raise self.trouble("minutes, hours, days or weeks")
        self.at += 1
        return amount * _UNITS[word], {"m": "minutes", "h": "hours"}.get(word[0], "days")

    def duration(self) -> Duration:
        position = self.position()
        amount, unit = self.time()
        found = msgspec.convert({"amount": amount, "unit": unit}, Duration)
        if not 0 < found.ms <= _LONGEST:
            raise RuleError("A length of time is 1 minute to 10 years", position)
        return found

    def window_if_any(self) -> Window | None:
        return self.window() if self.take("within") else None

    def window(self) -> Window:
        position = self.position()
        amount, unit = self.time()
        longest = REACHES[unit][-1]
        if not 1 <= amount <= longest:
            raise RuleError(f"A window in {unit} is 1 to {longest} long; this one is {amount}", position)
        return msgspec.convert({"amount": amount, "unit": unit}, Window)

    def filter(self) -> Compare:
        kind, word, position = self.peek()
        if kind == "text":
            word = self.quoted("a property")
        elif kind == "word" and word not in KEYWORDS:
            self.at += 1
        else:
            raise self.trouble("a property's name")
        if not PROPERTY.fullmatch(word):
            raise RuleError(
                "A property's name is letters, digits, spaces and . : - _, at most 100 of them", position
            )
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
