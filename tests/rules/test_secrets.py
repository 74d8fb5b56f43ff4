"""Secrets of production: what can be guessed is refused, what is random never."""

import secrets

import pytest

from spv.rules.secrets import WELL_KNOWN, weakness


@pytest.mark.parametrize(
    "secret",
    [
        "x" * 31,
        " " * 40,
        "\t\n" * 20,
        " 7hJ2mQxw9Rk4TzLp8VbN3cYd6FgS5aEu",
        "7hJ2mQxw9Rk4TzLp8VbN3cYd6FgS5aEu\n",
        "a" * 32,
        "a" * 63 + "b",
        "ab" * 20,
        "-" * 32,
        "0110100110010110" + "1001011001101001",
        "changeme" * 4,
        "change-me_change.me change me change me",
        "passwordpasswordpasswordpassword1",
        "P@ssw0rd" * 3 + "!!!!!!!!",
        "demonstration-only demonstration-only",
        "your-secret-key-here-change-it-please",
        "ThisIsASecretKeyForProduction!!!!",
        "dev-secret-key-not-for-production-use",
        "correct horse battery staple correct",
        "0123456789abcdef0123456789abcdef",
        "abcdefghijklmnopqrstuvwxyz012345",
        "zyxwvutsrqponmlkjihgfedcba987654",
        "qwertyuiopasdfghjklzxcvbnm123456",
        "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9",
        "aabbccddeeffgghhiijjkkllmmnnoopp",
        "12345678910111213141516171819202122",
        "The quick brown fox jumps over the lazy dog",
        "192b9bdd22ab9ed4d12e236c78afcb9a393ec15f71bbf5dc987d54727823bcbf",
        "xK9#mQ2$pL" * 4,
        "5f4dcc3b5aa765d61d8327deb882cf99",  # MD5 of "password"
        "E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855",
        "a1b2c3d4e5f6a7b8c9d0e1f2a3b4c5d6e7f8",
    ],
)
def test_secrets_that_can_be_guessed(secret):
    assert weakness(secret)


@pytest.mark.parametrize(
    "secret",
    [
        "a secret of production, long enough",
        "another one, since the first was lost",
        "7hJ2mQxw9Rk4TzLp8VbN3cYd6FgS5aEu",
        "django-insecure-0+v9e3b#k!x2@q7z$m4&n8w*r5t(y1u6p^s",
    ],
)
def test_secrets_that_cannot(secret):
    assert weakness(secret) == ""


def test_a_secret_repeats_itself_if_it_has_its_beginning_twice():
    half = "7hJ2mQxw9Rk4TzLp8V"
    assert weakness(half * 2) == "repeats itself"
    assert weakness(half * 2 + half[:9]) == "repeats itself"
    assert weakness(half + half[:-2]) == ""  # not the whole of it


def test_random_secrets_are_never_refused():
    for _ in range(200):
        for secret in (secrets.token_hex(32), secrets.token_urlsafe(32)):
            assert weakness(secret) == "", secret


def test_the_ends_of_sequences_are_well_known():
    both_ways = {"abcd", "wxyz", "zyxw", "dcba", "zxcv", "vbnm", "mnbv", "vcxz"}
    assert both_ways <= WELL_KNOWN
    assert {"fghj", "hgfd", "abbc", "1223"} <= WELL_KNOWN


def test_a_very_long_secret_is_judged_by_its_first_characters():
    """The time of the judgement grows with the square of the length."""
    assert weakness(secrets.token_hex(15_000)) == ""
    assert weakness("x" * 1_000 + secrets.token_hex(500))
