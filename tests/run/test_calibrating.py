"""What `heed sense calibrate` advises before it asks whether to switch."""

from __future__ import annotations

import pytest

from heed.run.calibrating import _advice
from heed.sense.domain.calibration import Quality


@pytest.mark.parametrize(
    ("new", "advice"), [(0.77, "worth switching"), (0.705, "no need to switch"), (0.64, "keep what you have")]
)
def test_somebody_who_is_asked_to_switch_is_told_whether_it_is_worth_it(new: float, advice: str) -> None:
    assert advice in _advice(Quality(0.70, 0.03, 0.2), Quality(new, 0.03, 0.2))
