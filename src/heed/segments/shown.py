"""The page of the customers behind a figure, and keeping them as a list."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render

from heed.govern.access import Request
from heed.profiles.reading import Page
from heed.segments.forms import ListForm
from heed.segments.list_actions import save_as_list


@dataclass(frozen=True)
class Shown:
    """`words` say who they are, `whom` says it to `register_whom`; `back` is the address of the figure, called
    `back_name`."""

    title: str
    words: str
    page: Page
    after: str
    whom: msgspec.Struct
    back: str
    back_name: str


def show(request: Request, shown: Shown) -> HttpResponse:
    """For a view that allows `customers.read`, and changes to `rules.manage`."""
    form = ListForm(request.POST if request.method == "POST" else None, initial={"name": shown.title[:200]})
    if request.method == "POST" and form.is_valid():
        try:
            key = save_as_list(
                form.cleaned_data["name"],
                f"{shown.title}: {shown.words}"[:1_000],
                form.cleaned_data["purpose"],
                shown.whom,
                request.user,
            )
        except ValidationError as error:
            for name, wrong in error.message_dict.items():
                form.add_error(name if name in form.fields else None, wrong)
        else:
            messages.success(request, "Saved. They are put on the list in the background, in a moment.")
            return redirect("segments:segment", key=key)
    context = {
        "shown": shown,
        "page": shown.page,
        "after": shown.after,
        "q": "",
        "form": form,
    }
    return render(request, "segments/people.html", context, status=422 if form.errors else 200)
