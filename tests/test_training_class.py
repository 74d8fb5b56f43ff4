"""A class of trainees who work at the same time, on a server of its own."""

import re
import threading
import time
from functools import partial

import pytest

from spv import demo
from tests.proof import log_problems
from tests.server import serve
from tests.trainees import VSP, Trainee, Trainer, sender_to

TICKS = 12
OWN = ("/", "/panels", "/panels/uploads", "/panels/invalidations", "/account",
       "/training")  # fmt: skip


class Watched(Trainee):
    """A trainee whose requests are timed, and their failures kept."""

    def __init__(self, address, name):
        super().__init__(self.timed)
        self.to, self.name = sender_to(address), name
        self.seconds, self.failures, self.strangers = [], [], set()

    def timed(self, method, path, *sent):
        begin = time.perf_counter()
        answer = self.to(method, path, *sent)
        self.seconds.append(time.perf_counter() - begin)
        if answer[0] >= 500:
            self.failures.append((method, path, answer[0]))
        return answer

    def work(self, all_have_come):
        """Do the exercises after the account, and look for the names of others."""
        try:
            all_have_come.wait()
            self.do_the_rest()
            own = self.facts("apply")["Legal entity name"]
            for path in OWN:
                seen = re.findall(r"Training Company \d+ Pty Ltd", self.get(path))
                self.strangers |= {*seen} - {own}
        except Exception as error:  # which the test shows
            self.failures.append(repr(error)[:500])


def at_once(works):
    """Do things at the same time, each in a thread."""
    threads = [threading.Thread(target=work) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def get_accounts(trainer, trainees):
    """Do exercises 1 to 3 with everybody; the trainer assesses all at once."""
    code = trainer.open_class(len(trainees) + 1)
    at_once(partial(each.enter, code, each.name) for each in trainees)
    at_once(each.apply for each in trainees)
    trainer.act("approve")
    at_once(partial(each.upgrade, VSP) for each in trainees)
    trainer.act("approve")
    return code


@pytest.mark.every_database
@pytest.mark.long
@pytest.mark.parametrize("count", [4, 30])
def test_a_class_works_side_by_side(database_url, demonstration, count):
    with serve(database_url) as (address, _process):
        trainer = Trainer(sender_to(address))
        trainer.sign_in(demo.STAFF)
        trainees = [Watched(address, f"Trainee {n}") for n in range(count)]
        code = get_accounts(trainer, trainees)
        reset = restarts(trainer, trainees, Watched(address, "Restarts"), code)
        board = trainer.get(trainer.board)
        begin = time.perf_counter()
        trainer.reset()
        all_reset = time.perf_counter() - begin
        assert all(all(each.missing()) for each in trainees)  # still signed in
    assert [each.failures for each in trainees] == [[]] * count
    assert set().union(*(each.strangers for each in trainees)) == set()
    seconds = sorted(second for each in trainees for second in each.seconds)
    middle, late = (seconds[len(seconds) * part // 100] for part in (50, 95))
    print(
        f"{count} trainees, {len(seconds)} requests: median {middle:.3f} s, p95 "
        f"{late:.3f} s, slowest {seconds[-1]:.3f} s; a new start in {reset:.2f} s, of "
        f"all in {all_reset:.2f} s"
    )
    assert board.count("✓") == count * TICKS
    assert log_problems() == []


def restarts(trainer, trainees, restarter, code):
    """Let all work while one place is started again; return how long that took."""
    restarter.enter(code, restarter.name)
    restarter.give_account()
    restarter.upload(restarter.file("upload"))
    taken, all_have_come = [], threading.Barrier(len(trainees) + 1)

    def reset():
        all_have_come.wait()
        begin = time.perf_counter()
        restarter.post("/training/reset", {"confirmation": "reset"})
        taken.append(time.perf_counter() - begin)

    at_once([reset, *(partial(each.work, all_have_come) for each in trainees)])
    assert restarter.lacks("upload")
    return taken[0]
