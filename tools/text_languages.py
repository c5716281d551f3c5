"""Write src/heed/sense/text/languages.npz from the model of py3langid, a development dependency.

    python tools/text_languages.py [--out src/heed/sense/text/languages.npz]

Every n-gram is kept; of the languages those that ISO 639-1 has a code for. A share in a language is kept as its
distance from the least of that language, which four fifths of them have, in 255 steps.
"""

from __future__ import annotations

import argparse
from collections import deque
from pathlib import Path

import numpy as np
from py3langid.langid import MODEL_DIR, MODEL_FILE
from py3langid.modelio import load_model

from heed.sense.text.ngrams import BITS, PATH, slots


def grams_of(moves: np.ndarray, rows: np.ndarray, output: list[int]) -> list[bytes]:
    """The n-gram of each feature: the shortest way to a state of the automaton that puts it out."""
    ways, waiting = {0: b""}, deque([0])
    found: dict[int, bytes] = {}
    while waiting:
        state = waiting.popleft()
        if output[state] >= 0:
            found.setdefault(output[state], ways[state])
        for byte, after in enumerate(moves[rows[state]].tolist()):
            if after not in ways:
                ways[after] = ways[state] + bytes([byte])
                waiting.append(after)
    return [found[feature] for feature in range(len(found))]


def placed(keys: np.ndarray) -> np.ndarray:
    """Which key stands in each slot, −1 for none (cuckoo hashing: whoever is pushed out goes to its other slot)."""
    places = list(zip(*(each.tolist() for each in slots(keys)), strict=True))
    table = [-1] * (1 << BITS)
    for key in range(len(keys)):
        at = places[key][0] if table[places[key][0]] < 0 else places[key][1]
        for _ in range(1_000):
            key, table[at] = table[at], key
            if key < 0:
                break
            at = sum(places[key]) - at
        else:
            raise SystemExit("The table is too full; give BITS one more.")
    return np.array(table)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--out", type=Path, default=PATH)
    out = arguments.parse_args().out
    shares, prior, names, moves, rows, output = load_model(MODEL_DIR / MODEL_FILE)
    grams = grams_of(np.asarray(moves).reshape(-1, 256), np.asarray(rows), output)
    keys = np.array([int.from_bytes(gram, "big") for gram in grams], np.uint64)
    table = placed(keys)
    kept = [column for column, name in enumerate(names) if len(name) == 2]
    shares = shares[:, kept].astype(np.float32)
    floors = shares.min(axis=0)
    above = shares - floors
    scale = above.max() / 255
    steps = np.where(table[:, None] >= 0, np.round(above[table] / scale), 0).astype(np.uint8)
    filled, columns = np.nonzero(steps)
    np.savez_compressed(
        out,
        languages=np.array([names[column] for column in kept]),
        keys=np.where(table >= 0, keys[table], 0).astype(np.uint64),
        starts=np.searchsorted(filled, np.arange(len(table) + 1)).astype(np.uint32),
        columns=columns.astype(np.uint8),
        weights=steps[filled, columns],
        scale=np.float32(scale),
        floors=floors,
        prior=prior[kept].astype(np.float32),
    )
    print(f"{len(grams):,} n-grams, {len(kept)} languages, {out.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
