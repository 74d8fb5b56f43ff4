"""The strength of a production secret, which nobody may be able to guess."""

import re
import tomllib
from pathlib import Path

SHORTEST = 32  # characters
FEWEST = 10  # different characters outside of well-known words
_DATA = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))
_SEQUENCES = ["".join(map(str, range(200))), *_DATA["sequences"]]
# The words, and each four characters of a sequence, forwards and backwards.
WELL_KNOWN = {*_DATA["words"].split()} | {
    run[start : start + 4]
    for sequence in _SEQUENCES
    for run in (sequence, sequence[::-1])
    for start in range(len(run) - 3)
}
SIZES = {len(piece) for piece in WELL_KNOWN}
LOOK_ALIKES = str.maketrans("013457@$!", "oieastasi")  # pa$$w0rd is password
SEPARATORS = re.compile(r"[\s._-]+")


def weakness(secret: str) -> str:
    """Return what is wrong with a secret, as the end of a sentence; "" if nothing."""
    if len(secret) < SHORTEST:
        return f"is shorter than {SHORTEST} characters"
    if secret != secret.strip():
        return "begins or ends with a blank"
    text = SEPARATORS.sub("", secret.lower())
    size = len(text)
    if any(text == (text[:n] * size)[:size] for n in range(1, size // 2 + 1)):
        return "repeats itself"
    known = _well_known(text) | _well_known(text.translate(LOOK_ALIKES))
    if len({text[n] for n in range(size) if n not in known}) < FEWEST:
        return "is made of well-known words, or of few different characters"
    return ""


def _well_known(text: str) -> set[int]:
    """Return the positions of a text that are part of something well-known."""
    return {
        position
        for start in range(len(text))
        for size in SIZES
        if text[start : start + size] in WELL_KNOWN
        for position in range(start, start + size)
    }
