"""What Heed knows of a customer's orders, basket, payments and renewal. Pure: no clock, no I/O."""

from heed.commerce.domain.alarms import alarms
from heed.commerce.domain.facts import FACTS, late_turn, next_change, projection
from heed.commerce.domain.fold import step
from heed.commerce.domain.merge import merge
from heed.commerce.domain.orders import Basket, BasketItem, Order, Orders, Total

__all__ = [
    "FACTS",
    "Basket",
    "BasketItem",
    "Order",
    "Orders",
    "Total",
    "alarms",
    "late_turn",
    "merge",
    "next_change",
    "projection",
    "step",
]
