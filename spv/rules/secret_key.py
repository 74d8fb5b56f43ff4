"""The strength of a secret of production: a secret that somebody can guess is none."""

import re

SHORTEST = 32  # characters
FEWEST = 10  # different characters, beside the well-known ones
_WORD = re.compile(r"\w+")
# What stands in for a secret in examples and tutorials.
WORDS = _WORD.findall(
    "123 abc admin agency app baseball battery change correct default demo "
    "demonstration development django dragon example flask football for here horse "
    "iloveyou insecure key letmein login master monkey not only panel passwd password "
    "please princess production random replace secret secure server session share "
    "solar something spv staple string sunshine super test this token use validation "
    "value very welcome your "
    # The example in Flask's documentation.
    "192b9bdd22ab9ed4d12e236c78afcb9a393ec15f71bbf5dc987d54727823bcbf"
)
ALPHABET, DIGITS = "abcdefghijklmnopqrstuvwxyz", "01234567890"
SEQUENCES = (
    ALPHABET,
    DIGITS,
    "".join(letter * 2 for letter in ALPHABET),
    "".join(digit * 2 for digit in DIGITS),
    "".join(map(str, range(200))),
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "q1w2e3r4t5y6u7i8o9p0",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p",
    "thequickbrownfoxjumpsoverthelazydog",
    "loremipsumdolorsitametconsecteturadipiscingelit",
)
# Words, and every four characters of a sequence, forwards and backwards.
WELL_KNOWN = {
    *WORDS,
    *(
        run[start : start + 4]
        for sequence in SEQUENCES
        for run in (sequence, sequence[::-1])
        for start in range(len(run) - 3)
    ),
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
    if len({text[at] for at in range(size) if at not in known}) < FEWEST:
        return "is made of well-known words, or of few different characters"
    return ""


def _well_known(text: str) -> set[int]:
    """Return the places of a text at which something well-known stands."""
    return {
        at
        for start in range(len(text))
        for size in SIZES
        if text[start : start + size] in WELL_KNOWN
        for at in range(start, start + size)
    }
