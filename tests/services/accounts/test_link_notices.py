"""People are told of password links that agency staff make for them."""

import pytest

from spv import demo
from spv.services.accounts import sessions, users
from spv.services.verify import checks
from tests.people import acting, events, try_sign_in, user_of

pytestmark = [
    pytest.mark.every_database,
    pytest.mark.usefixtures("demonstration", "private_people"),
]
TOLD = (demo.VSP_USER, demo.VSP_ADMIN)
NOT_TOLD = (demo.OTHER_VSP, demo.GENERAL, demo.STAFF)


def told(email):
    """The names in the notices of a person, and whether the session knows of them."""
    found = [each.name for each in users.link_notices(acting(email))]
    person = sessions.resume(try_sign_in(email, demo.PASSWORD))
    assert person.has_link_notice == bool(found)
    return found


def test_the_person_and_the_administrators_are_told_until_they_close_it():
    tom = user_of(demo.VSP_USER).id
    users.make_link(tom, acting(demo.VSP_ADMIN))  # by the account, not by staff
    assert [told(email) for email in TOLD] == [[], []]
    users.make_link(tom, acting(demo.ASSESSOR))
    assert [told(email) for email in TOLD] == [["Tom Okafor"]] * 2
    assert [told(email) for email in NOT_TOLD] == [[]] * 3
    (notice,) = users.link_notices(acting(demo.VSP_USER))
    before = events()
    users.close_link_notices(notice.sequence - 1, acting(demo.VSP_USER))
    assert events() == before
    users.close_link_notices(notice.sequence, acting(demo.VSP_USER))
    users.close_link_notices(10**9, acting(demo.VSP_USER))  # nothing is left
    assert events() == [*before, "user.link_notice_closed"]
    assert [told(email) for email in TOLD] == [[], ["Tom Okafor"]]
    users.make_link(tom, acting(demo.STAFF))
    assert [told(email) for email in TOLD] == [["Tom Okafor"]] * 2
    assert checks.verify().sentences == []


def test_a_link_that_is_made_while_somebody_reads_is_not_closed_unread():
    tom, priya = user_of(demo.VSP_USER).id, user_of(demo.VSP_ADMIN).id
    users.make_link(tom, acting(demo.STAFF))
    (read,) = users.link_notices(acting(demo.VSP_ADMIN))
    users.make_link(priya, acting(demo.STAFF))
    users.close_link_notices(read.sequence, acting(demo.VSP_ADMIN))
    assert told(demo.VSP_ADMIN) == ["Priya Nair"]
    assert told(demo.VSP_USER) == ["Tom Okafor"]
