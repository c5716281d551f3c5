"""The door of `commerce`: orders, basket, payments, renewal."""

from heed.commerce.domain import FACTS, Basket, BasketItem, Order, Orders, Total, alarms

__all__ = [
    "FACTS",
    "Basket",
    "BasketItem",
    "Order",
    "Orders",
    "Total",
    "alarms",
]
