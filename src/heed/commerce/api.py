"""The door of `commerce`: orders, basket, payments, renewal; purchases, asked of the lake."""

from heed.commerce.domain import FACTS, Basket, BasketItem, Order, Orders, Total, alarms
from heed.commerce.purchases import PURCHASES, purchase_parameters

__all__ = [
    "FACTS",
    "PURCHASES",
    "Basket",
    "BasketItem",
    "Order",
    "Orders",
    "Total",
    "alarms",
    "purchase_parameters",
]
