"""The strength of a production secret, which nobody may be able to guess."""

import re
import string

SHORTEST = 32  # characters
FEWEST = 10  # different characters outside of well-known words
# The words of placeholder secrets in examples and tutorials.
WORDS = (
    "123 abc admin agency app baseball battery change correct default demo "
    "demonstration development django dragon example flask football for here horse "
    "iloveyou insecure key letmein login master monkey not only panel passwd password "
    "please princess production random replace secret secure server session share "
    "solar something spv staple string sunshine super test this token use validation "
    "value very welcome your "
    # The example in Flask's documentation.
    "192b9bdd22ab9ed4d12e236c78afcb9a393ec15f71bbf5dc987d54727823bcbf"
)
LETTERS, DIGITS = string.ascii_lowercase, f"{string.digits}0"
SEQUENCES = (
    LETTERS,
    DIGITS,
    *("".join(2 * character for character in each) for each in (LETTERS, DIGITS)),
    "".join(map(str, range(200))),
    *("qwertyuiop", "asdfghjkl", "zxcvbnm", "q1w2e3r4t5y6u7i8o9p0"),
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p",
    "thequickbrownfoxjumpsoverthelazydog",
    "loremipsumdolorsitametconsecteturadipiscingelit",
)
# The words, and each four characters of a sequence, forwards and backwards.
WELL_KNOWN = {*WORDS.split()} | {
    run[start : start + 4]
    for sequence in SEQUENCES
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
