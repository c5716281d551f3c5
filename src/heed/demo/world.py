"""A simulated shop with known feelings.

Every customer has a true feeling from −1 to 1 that nobody observes: things happen to them (a late parcel, a
kind agent, a bad day), the feeling moves, and drifts back to their usual. What they do and say depends on it.
The world tells only what a real shop would see, as tracking calls; the feelings are kept apart, as the ground
truth an estimate of mood can be held against. The same seed gives the same world.
"""

from __future__ import annotations

import heapq
import math
import random
from bisect import bisect_right
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from heed.contracts import vocabulary as v
from heed.demo import cast
from heed.demo.people import Customer, Nature, account, settle, traits
from heed.kit.clock import DAY, HOUR, SECOND, moment

Call = dict[str, Any]


class World:
    """Runs from `start` (ms) on; `until(t)` gives what trackers see up to t, in the order it happens.

    `run` marks the message ids of a part that does not repeat itself, as people's reactions to decisions share in it.
    """

    def __init__(self, seed: int, start: int, customers: int = 2_000, nature: Nature | None = None) -> None:
        self.random = random.Random(seed)  # noqa: S311  a simulation, no secret
        self.nature = nature or Nature()
        self.seed = seed
        self.pace = 1.0
        self.run = ""
        self.now = start
        self._agenda: list[tuple[int, int, Callable[[], None]]] = []
        self._count = 0
        self._seen: list[Call] = []
        self._orders = 40_000
        self.customers = settle(self.random, seed, customers, start)
        for customer in self.customers:
            first = start + round(self.random.random() * self._gap(customer))
            self._at(first, partial(self._visit, customer))

    # what is known only to the world

    def feeling_at(self, customer: Customer, at: int) -> float:
        """The true feeling at a past moment (ms)."""
        place = bisect_right(customer.truth_at, at) - 1
        if place < 0:
            return customer.usual
        return self._drifted(customer, customer.truth[place], at - customer.truth_at[place])

    def _drifted(self, customer: Customer, feeling: float, elapsed: int) -> float:
        return customer.usual + (feeling - customer.usual) * math.exp2(-elapsed / self.nature.half_life)

    def _feel(self, customer: Customer, shock: float) -> float:
        """Something happens to them; returns how they feel now."""
        now = self._drifted(customer, customer.feeling, self.now - customer.felt_at)
        customer.feeling = max(-1.0, min(1.0, now + shock))
        customer.felt_at = self.now
        customer.truth_at.append(self.now)
        customer.truth.append(customer.feeling)
        return customer.feeling

    # running

    def until(self, end: int) -> Iterator[Call]:
        while self._agenda and self._agenda[0][0] <= end:
            self.now, _, do = heapq.heappop(self._agenda)
            do()
            yield from self._seen
            self._seen.clear()
        self.now = max(self.now, end)

    def quicken(self, pace: float) -> None:
        """From now on customers come so many times as often, those already on their way too."""
        quicker, self.pace = pace / self.pace, pace
        for place, (when, count, do) in enumerate(self._agenda):
            if isinstance(do, partial) and do.func == self._visit:
                self._agenda[place] = (round(self.now + max(0, when - self.now) / quicker), count, do)
        heapq.heapify(self._agenda)

    def next_at(self) -> int:
        return self._agenda[0][0]

    def _at(self, when: float, do: Callable[[], None]) -> None:
        self._count += 1
        heapq.heappush(self._agenda, (round(when), self._count, do))

    def _gap(self, customer: Customer) -> float:
        return self.nature.days_between_visits * DAY / customer.activity / self.pace

    def _tell(
        self, customer: Customer, kind: str, name: str = "", by_us: bool = False, /, **properties: Any
    ) -> None:
        """What trackers see of this moment."""
        if self.random.random() < self.nature.unheard and name != v.ORDER_COMPLETED:
            return
        self._count += 1
        zone, language, _, _ = cast.COUNTRIES[customer.country]
        call: Call = {
            "type": kind,
            "messageId": f"demo-{self.seed}{self.run}-{self._count}",
            "timestamp": moment(self.now).isoformat().replace("+00:00", "Z"),
            "anonymousId": customer.anonymous_id,
            "properties": properties,
        }
        if customer.known:
            call["userId"] = customer.user_id
        if name:
            call["event" if kind == "track" else "name"] = name
        if not by_us:
            device = "mobile" if customer.mobile else "desktop"
            call["context"] = {"timezone": zone, "locale": language, "device": {"type": device}}
            if kind == "page":
                call["context"]["page"] = {"path": properties.get("path", "/")}
        self._seen.append(call)

    # what happens

    def _visit(self, customer: Customer) -> None:
        r = self.random
        self._at(self.now + r.expovariate(1 / self._gap(customer)), partial(self._visit, customer))
        if r.random() < self.nature.bad_day:
            self._feel(customer, r.uniform(-0.5, -0.15))
        feeling = self._feel(customer, r.gauss(0, 0.03))
        self._tell(customer, "page", "Home", path="/")
        interest = 0.5 + 0.4 * feeling
        for _ in range(r.randint(1, 3)):
            product = r.choice(cast.PRODUCTS)
            self._pass(r.randint(8, 90) * SECOND)
            self._tell(customer, "track", v.PRODUCT_VIEWED, **cast.product(product))
            if r.random() < self.nature.out_of_stock:
                feeling = self._feel(customer, -0.12)
                self._tell(customer, "track", v.PRODUCT_OUT_OF_STOCK, **cast.product(product))
            elif r.random() < 0.32 * interest * 2:
                customer.basket.append(product)
                self._tell(customer, "track", v.PRODUCT_ADDED, **cast.product(product), quantity=1)
        if feeling < -0.25 and r.random() < 0.35:
            for _ in range(r.randint(1, 2)):
                self._tell(customer, "track", v.RAGE_CLICK, element="button", selector="a.track")
        if customer.basket and r.random() < 0.55 + 0.3 * feeling:
            self._checkout(customer)
        if customer.known and r.random() < 0.03:
            self._write(customer, "question")
        if customer.known and feeling < -0.55 and r.random() < 0.05:
            self._tell(customer, "track", v.UNSUBSCRIBED, purpose="marketing")

    def _pass(self, ms: int) -> None:
        self.now += ms

    def _checkout(self, customer: Customer) -> None:
        r = self.random
        self._pass(r.randint(20, 120) * SECOND)
        self._tell(customer, "track", v.CHECKOUT_STARTED, value=cast.total(customer.basket), currency="EUR")
        if not customer.known:
            customer.known = True
            self._identify(customer)
        if r.random() < self.nature.payment_fails:
            self._feel(customer, -0.2)
            self._tell(customer, "track", v.PAYMENT_FAILED, value=cast.total(customer.basket), currency="EUR")
            if r.random() < 0.5:
                return
        self._order(customer)

    def _identify(self, customer: Customer) -> None:
        self._tell(customer, "identify")
        if self._seen and self._seen[-1]["type"] == "identify":
            call = self._seen[-1]
            call.pop("properties")
            call["traits"] = traits(customer)
            if found := account(customer.number):
                own = {"type": "group", "messageId": f"{call['messageId']}-account"}
                self._seen.append(call | own | {"groupId": found[0], "traits": found[1]})
        if customer.marketing:
            self._tell(
                customer,
                "track",
                v.CONSENT_CHANGED,
                purpose="marketing",
                granted=True,
                wording="checkout, v3",
            )

    def _order(self, customer: Customer) -> None:
        r = self.random
        self._orders += 1
        order, basket = f"{self._orders}", customer.basket
        customer.basket = []
        customer.orders += 1
        expected = self.now + r.randint(3, 6) * DAY
        about = {"order_id": order, "currency": "EUR"}
        self._tell(
            customer, "track", v.ORDER_COMPLETED, **about, value=cast.total(basket),
            expected_at=cast.iso(expected), products=[cast.product(each) for each in basket],
        )  # fmt: skip
        self._feel(customer, 0.08)
        self._at(self.now + r.randint(8, 40) * HOUR, lambda: self._ship(customer, order, expected))
        late = r.random() < self.nature.late
        arrives = expected + (r.randint(2, 8) * DAY if late else -r.randint(0, 1) * DAY)
        if late:
            self._at(expected + 10 * HOUR, lambda: self._wait(customer, order, arrives))
        broken = r.random() < self.nature.broken
        self._at(arrives, lambda: self._deliver(customer, order, basket, late, broken))

    def _ship(self, customer: Customer, order: str, expected: int) -> None:
        self._tell(
            customer,
            "track",
            v.ORDER_SHIPPED,
            True,
            order_id=order,
            expected_at=cast.iso(expected),
            carrier="Post",
        )

    def _wait(self, customer: Customer, order: str, arrives: int) -> None:
        """The parcel is late and they notice, every day a little more."""
        r = self.random
        feeling = self._feel(customer, r.uniform(-0.35, -0.15))
        if r.random() < 0.5:
            self._tell(
                customer, "track", v.ORDER_DELAYED, True, order_id=order, expected_at=cast.iso(arrives)
            )
        if r.random() < 0.25 + 0.5 * max(0.0, -feeling):
            self._write(customer, "again" if customer.contacts >= 2 else "late", order)
        elif r.random() < 0.4:
            self._tell(customer, "page", "Order", path="/account/orders")
            if feeling < -0.2:
                self._tell(customer, "track", v.RAGE_CLICK, element="a", selector="a.track")
        again = self.now + r.uniform(0.7, 1.8) * DAY
        if again < arrives:
            self._at(again, lambda: self._wait(customer, order, arrives))

    def _deliver(
        self,
        customer: Customer,
        order: str,
        basket: list[cast.Product],
        late: bool,
        broken: bool,
    ) -> None:
        r = self.random
        self._tell(customer, "track", v.ORDER_DELIVERED, True, order_id=order)
        self._feel(customer, 0.05 if late else 0.2)
        if broken:
            self._at(self.now + 5 * HOUR, lambda: self._unpack_broken(customer, order, basket))
        elif r.random() < 0.08 and not late:
            self._at(self.now + 8 * HOUR, lambda: self._write(customer, "praise", order))
        if r.random() < 0.3:
            self._at(self.now + r.randint(20, 50) * HOUR, lambda: self._rate(customer, order))

    def _unpack_broken(self, customer: Customer, order: str, basket: list[cast.Product]) -> None:
        self._feel(customer, -0.45)
        self._write(customer, "broken", order)
        if self.random.random() < 0.6:
            self._at(
                self.now + 2 * DAY,
                lambda: self._tell(
                    customer,
                    "track",
                    v.ORDER_RETURNED,
                    True,
                    order_id=order,
                    value=cast.total(basket),
                    currency="EUR",
                ),
            )

    def _rate(self, customer: Customer, order: str) -> None:
        """A survey: what they answer is what they feel, coarsely."""
        r = self.random
        felt = self._feel(customer, 0.0) + r.gauss(0, 0.15)
        words = "praise" if felt > 0.4 else "fine" if felt > -0.15 else "late"
        comment = self._words(customer, words, order) if r.random() < 0.4 else ""
        if r.random() < 0.5:
            score = max(0, min(10, round(7 + 5 * felt)))
            self._tell(
                customer,
                "track",
                v.SURVEY_ANSWERED,
                score=score,
                scale="nps",
                order_id=order,
                comment=comment,
            )
        else:
            score = max(1, min(5, round(3.4 + 2.4 * felt)))
            self._tell(
                customer,
                "track",
                v.SURVEY_ANSWERED,
                score=score,
                scale="csat",
                order_id=order,
                comment=comment,
            )

    def _write(self, customer: Customer, about: str, order: str = "") -> None:
        r = self.random
        customer.contacts += about in {"late", "again", "broken"}
        channel = r.choice(("email", "chat", "email"))
        self._tell(
            customer, "track", v.MESSAGE_RECEIVED, text=self._words(customer, about, order),
            channel=channel, **({"order_id": order} if order else {}),
        )  # fmt: skip
        if about == "praise":
            return
        if about in {"late", "again", "broken"}:
            case = f"{2_000 + self._count}"
            self._tell(customer, "track", v.CASE_OPENED, True, case_id=case, topic=about)
            self._at(self.now + r.uniform(1, 30) * HOUR, lambda: self._answer(customer, case, channel))

    def _answer(self, customer: Customer, case: str, channel: str) -> None:
        """An agent answers: kindly and well, or not."""
        r = self.random
        if r.random() < self.nature.kind_agent:
            self._tell(
                customer,
                "track",
                v.MESSAGE_SENT,
                True,
                text=r.choice(cast.KIND_WORDS),
                channel=channel,
                case_id=case,
            )
            if r.random() < 0.3:
                self._tell(customer, "track", v.GOODWILL_GIVEN, True, case_id=case, value=5.0, currency="EUR")
                self._feel(customer, 0.15)
            self._feel(customer, 0.35)
            self._at(self.now + r.uniform(1, 20) * HOUR, lambda: self._close(customer, case))
        else:
            self._tell(
                customer,
                "track",
                v.MESSAGE_SENT,
                True,
                text=r.choice(cast.PLAIN_WORDS),
                channel=channel,
                case_id=case,
            )
            feeling = self._feel(customer, -0.15)
            if r.random() < 0.3 - 0.3 * feeling:
                self._at(self.now + r.uniform(5, 30) * HOUR, lambda: self._write(customer, "again"))
            self._at(self.now + r.uniform(2, 5) * DAY, lambda: self._close(customer, case))

    def _close(self, customer: Customer, case: str) -> None:
        self._tell(customer, "track", v.CASE_RESOLVED, True, case_id=case)
        self._feel(customer, 0.1)
        customer.contacts = 0

    def _words(self, customer: Customer, about: str, order: str) -> str:
        language = cast.COUNTRIES[customer.country][1]
        texts = cast.TEXTS[about]
        template = self.random.choice(texts.get(language, texts["en"]))
        product = self.random.choice(cast.PRODUCTS)[1]
        return template.format(order=order or "40001", product=product, when="Tuesday")

    # what the shop's pages do with a decision

    def react(self, customer: Customer, kind: str) -> str:
        """Whether a customer takes up what they are shown: "accepted", "dismissed" or ""."""
        feeling = self._feel(customer, 0.0)
        welcome = {"apology": 0.5, "help": 0.4, "status_update": 0.5, "thanks": 0.4}.get(
            kind, 0.12 + 0.2 * feeling
        )
        chance = self.random.random()
        if chance < max(0.01, welcome):
            return "accepted"
        return "dismissed" if chance > 0.8 + 0.15 * feeling else ""

    def soothe(self, customer: Customer, kind: str) -> None:
        self._feel(customer, 0.15 if kind in {"apology", "help", "status_update"} else 0.03)
