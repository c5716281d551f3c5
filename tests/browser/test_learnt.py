"""Pages of what is learnt from many customers: forecasts in use, personas, lookalikes."""

from __future__ import annotations

from collections.abc import Callable

from django.utils import timezone
from playwright.sync_api import Page

from heed.govern.models import User
from heed.predictions import actions, jobs, personas
from heed.predictions import persona_reading as reading
from heed.predictions.models import Forecast, Likeness
from heed.profiles.models import Profile
from heed.segments import api as segments
from tests.browser.shop import HOSTILE, Carry
from tests.browser.test_pages import faults
from tests.predictions.test_scoring import a_shop
from tests.predictions.three_kinds import customers, told


def test_what_is_learnt_looks_right(
    page: Page, carry: Carry, open_page: Callable[[str], Page], complaints: list[str]
) -> None:
    strange = [
        told(f"loyal{i}", name[:200], 1 + n / 10) for i in range(80) for n, name in enumerate(HOSTILE * 2)
    ]
    carry(a_shop(350))
    jobs.forecasts(0)
    carry([*customers(), *strange])
    assert Forecast.objects.get(key="buy_30d").published
    personas.refresh(timezone.now())
    user = User.objects.get()
    first, *_ = reading.all_living()
    actions.save_persona(first.key, HOSTILE[0][:120], HOSTILE[0][:1_000], user)
    segments.save_segment("", name=HOSTILE[0][:200], rule="order.count >= 8")
    (key,) = segments.names()
    carry([])
    actions.find_lookalikes(key, user)
    jobs.lookalikes(key)
    assert not Likeness.objects.get().reason
    addresses = [
        *("/forecasts/", "/forecasts/buy_30d/", "/forecasts/churn/", "/forecasts/buy_30d/people/?least=0.2"),
        *("/personas/", f"/personas/{first.key}/", f"/personas/{first.key}/edit/"),
        *("/lookalikes/", f"/lookalikes/{key}/", f"/lookalikes/{key}/people/?least=0.5"),
        *(f"/customers/{each.pk}/" for each in Profile.objects.filter(user_id__in=["loyal1", "c1"])),
    ]
    wrong = faults(page, open_page, addresses, "learnt")
    assert not wrong, "\n".join(wrong)
    assert not complaints, "\n".join(complaints)
