"""Accounts and households: the list, one with its members, and the panel on a customer's page."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string

from heed import rules
from heed.accounts import reading
from heed.accounts.domain.section import in_order
from heed.accounts.models import Account
from heed.govern.access import Request, allow
from heed.profiles import reading as people

SORTS = {"name": "by name", "unhappy": "unhappiest first"}


@allow("customers.read")
def account_list(request: Request) -> HttpResponse:
    asked, after = (request.GET.get(name, "")[:200] for name in ("q", "after"))
    sort, kind = (request.GET.get(name, "") for name in ("sort", "kind"))
    if kind not in Account.KINDS:
        kind = ""
    if sort not in SORTS or asked.strip():
        sort = "name"
    unhappy = sort == "unhappy"
    page = reading.Page(reading.unhappiest[kind].get(), "") if unhappy else reading.page(asked, after, kind)
    many = reading.how_many.get()
    context = {
        "page": page,
        "q": asked,
        "after": after,
        "sort": sort,
        "sorts": SORTS,
        "kind": kind,
        "kinds": Account.PLURALS,
        "many": [
            (count, each if count == 1 else Account.PLURALS[each]) for each, count in sorted(many.items())
        ],
    }
    part = request.htmx and request.htmx.target == "list"
    return render(request, "accounts/rows.html" if part else "accounts/list.html", context)


@allow("customers.read")
def account(request: Request, account_id: int) -> HttpResponse:
    found = reading.one(account_id)
    if found is None:
        raise Http404
    after = request.GET.get("after", "")[:200]
    context = {
        "account": found,
        "kind": Account.KINDS[found.kind],
        "traits": reading.traits(account_id),
        "page": people.people(people.Question(account=found.key), after),
        "after": after,
        "q": "",
        "rule": f"trait.account.id = {rules.quoted(found.key)}",
    }
    return render(request, "accounts/account.html", context)


def panel(request: HttpRequest, customer: Any) -> str:
    """On the page of a customer: what they belong to, the account last of use first."""
    own = customer.state.accounts if customer.state is not None else None
    if own is None or not own.of:
        return ""
    keys = in_order(own)
    known = reading.ids_of(keys)
    lines = [
        {
            "id": known[key][0] if key in known else None,
            "name": known[key][1] if key in known else key,
            "kind": Account.KINDS[known[key][2]] if key in known else "",
            "since": own.of[key].joined,
        }
        for key in keys
    ]
    return render_to_string("accounts/panel.html", {"lines": lines}, request=request)
