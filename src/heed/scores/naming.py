"""The names of scores as this process knows them; other processes follow within seconds."""

from heed.scores.domain.facts import Names

names = Names()
