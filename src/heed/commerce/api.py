"""The door of `commerce`: orders, basket, payments, renewal."""

from heed.commerce.domain import FACTS, Basket, BasketItem, Order, Orders, Total, next_change
from heed.commerce.domain.values import MONEY_SCALE, money, units

__all__ = [
    "FACTS",
    "MONEY_SCALE",
    "Basket",
    "BasketItem",
    "Order",
    "Orders",
    "Total",
    "money",
    "next_change",
    "units",
]
