"""Passwords: which are refused or accepted, and in what time."""

import time

import pytest

from spv.rules.errors import ValidationError
from spv.services.accounts import passwords, sign_in
from spv.services.accounts.passwords import log10_guesses, words_of
from tests.conftest import dispose, make_app
from tests.people import KIM, WEB, everybody, twice

REFUSED = """
Summer2026!! | Welcome2026! | Melbourne2026! | Letmein12345! | solarpanel2026
regulator2026 | clean energy regulator | Agency2026!! | changeme2026 | zaq12wsxcde3
correcthorsebatterystaple | correct horse battery staple
Correct-Horse-Battery-Staple | P@ssw0rd2026! | Pa55word2026! | P@$$w0rd1234
1qaz2wsx3edc | !QAZ2wsx#EDC | qweasdzxc123 | qwertyuiop[] | qwertyuiopasdfghjklzxcvbnm
mnbvcxzlkjhg | 1q2w3e4r5t6y | !@#$%^&*()_+ | abcabcabcabc | aaaaaaaaaaaaa
............ | 123456789012 | abcdefghijkl | acegikmoqsuw | January2026!!
Wednesday2026 | 24november2026 | Spring2025Spring2025 | Christmas2026! | Brisbane4000!
Parramatta2150! | Footscray2026! | newcastle2300 | sunshine coast 2026 | kookaburra2026!
Collingwood2026 | GoMagpies2026! | Sydney Swans 2026 | Essendon1234! | WestCoastEagles
renewable energy target | solar panel validation | verificationserviceprovider
smallscaletechnology | Rooftop-Solar-2026 | s0larp4nel2026 | ilovesolarpanels
administrator1 | Adm1n1strator! | passwordpassword | mypassword2026
supersecretpassword | iloveyou2026! | letmeinletmein | drowssapdrowssap
dragon8374659 | superman2026 | manchesterunited | happynewyear26 | the quick brown fox
abcd1234abcd | 0412 345 678! | 51824753556! | kim@x.aukim@x.au | Kim DoeKim Doe
Vegemite2026! | tothemoonandback | openthedoor123 | BlackCaps2026! | tradie2026!!!!
barramundi2026 | Mon-Tue-Wed-Thu | alpha bravo charlie | eenymeenyminymo
contraseña2026 | supercalifragilistic
kim.doe2026! | KimDoe198704 | 14031987kim! | abcdefghijklmnopqrstuvwxyz
one two three four | home sweet home | MyDogRex2026! | Auditlog2026! | CorrectHorse26!
tiger2026lemon | silver1987window | Toyota Hilux 2015 | Game of Thrones
who let the dogs out | never gonna give you up | sungrow5000tl | Jinko 440W panel
pässwörd2026 | password für mich | пароль2026пароль | PaSsWoRd2026 | eodmik2026eod
"""
ACCEPTED = """
purple tractor moon | seven lemon bicycles | thief takes the tram
owner of nine lemons | zebra crossing nine | nine green bottles hanging
velvet anchor mustard | wombat-ladder-quartz | glacier.teapot.ninth
my aunt collects trams | grüne Äpfel im Keller | kettle82orchid!moth
gravel Sonnet otter 41 | correct lemon zebra stapler | x#9K!m$Qz&7p | kxvqtrnwplzm
7391kqzmxvbt82 | Xk9$mQ2v!pLw | hJ7-pQ2x-Wm9z-Lt4k | Tr0ub4dor&3xkcq
مرحبا بالعالم الكبير | ☀️ panel ☀️ lemon | plum tree in the fog
aaaaaaaaaaaaaaaa gravel otter sonnet | Kim Doe keeps velvet walruses
"""


def table(text):
    return [
        word.strip() for line in text.split("\n") for word in line.split("|") if word
    ]


@pytest.fixture(scope="module")
def judge():
    """A function that reads a password of Kim Doe; it returns an error's sentence."""
    app = make_app("sqlite:////nowhere/spv.sqlite")
    readers = passwords.readers

    def judge(password, again=None):
        given = {"password": password, "password_again": again or password}
        with app.app_context():
            try:
                return readers(given, "Kim Doe", "kim@x.au")["password"](password)
            except ValueError as error:
                return str(error)

    yield judge
    dispose(app)


def test_passwords_that_would_be_guessed_are_refused(judge):
    words = table(REFUSED)
    assert len(words) >= 70
    accepted = [w for w in words if "first that would be guessed" not in judge(w)]
    assert accepted == []


def test_unrelated_words_and_random_characters_are_accepted(judge):
    words = table(ACCEPTED)
    assert len(words) >= 25
    assert [judge(word) for word in words] == words


def test_the_longest_password_is_accepted_and_matches(judge):
    longest = "purple tractor moon ".ljust(passwords.LONGEST, "x")
    assert judge(longest) == longest
    assert judge(longest + "x").startswith("Enter a password of at most 200")
    assert passwords.matches(passwords.hash_of(longest), longest)
    assert not passwords.matches(passwords.hash_of(longest), f"{longest}x")


def test_production_refuses_the_password_of_demonstrations(sqlite_url, judge):
    given = KIM | twice(passwords.DEMONSTRATION)
    assert judge(passwords.DEMONSTRATION) == passwords.DEMONSTRATION
    key = "a secret of production, long enough"
    app = make_app(sqlite_url, SPV_ENVIRONMENT="production", SECRET_KEY=key)
    with app.app_context():
        with pytest.raises(
            ValidationError, match="three words that have nothing to do"
        ):
            sign_in.sign_up(given, WEB)
        assert everybody() == set()
    dispose(app)


def test_users_may_have_any_name(judge):
    assert words_of("Anne-Marie Østergård", "a.o+x@solar.example") == {
        "anne", "marie", "østergard", "solar", "example",
        "enna", "eiram", "dragretsø", "ralos", "elpmaxe",
    }  # fmt: skip
    assert log10_guesses("østergård2026!", words_of("Østergård")) < 5


def seconds(password, *about):
    start = time.process_time()
    log10_guesses(password, words_of(*about))
    return time.process_time() - start


SIGNS = '4@8({[<369&#!1/|0$5+7%2"*'


@pytest.mark.parametrize(
    "letters",
    [SIGNS, "1!|", "4@8", "6/219(7@|[%{*+84", "the", "ab", "a1", "İ", "ﷺ", "x\u0301",
     "".join(map(chr, range(0x4E00, 0x4F00))), "qwertyuiopasdfghjklzxcvbnm"],
)  # fmt: skip
def test_no_password_takes_long_to_judge(letters):
    """Also if the user has a very long name and address."""
    about = "a b " * 10_000, "sun.moon." * 10_000
    for length in (16, 20, 72, 200):
        assert seconds((letters * 100)[:length], *about) < 0.5


def test_a_password_that_was_typed_in_two_ways_is_not_judged(judge):
    assert judge("password1234", "another") == "password1234"
    assert "at least 12" in judge("short", "another")
