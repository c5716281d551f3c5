"""What `decisions` adds to the fold, the pipeline and the rules in force."""

from __future__ import annotations

from collections.abc import Iterable

import psycopg

from heed.contracts.fold import Section
from heed.decisions import store
from heed.decisions.domain.exposure import Exposures, fold_exposures, merge_exposures
from heed.pipeline.api import register_effect
from heed.profiles.api import register_rules, register_section
from heed.rules.tree import Rule


def _rules(connection: psycopg.Connection) -> Iterable[Rule]:
    return store.catalogue(connection, drafts=True).rules()


def register() -> None:
    register_section(Section("decisions", Exposures, fold_exposures, merge=merge_exposures))
    register_effect("decisions.count", store.count)
    register_rules(_rules)
