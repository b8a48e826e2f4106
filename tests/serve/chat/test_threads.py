"""What is remembered of a thread, and for how long."""

from tests.serve.chat.conftest import Clock

from askreport.serve.chat import threads
from askreport.serve.chat.threads import Threads


def test_a_thread_remembers_its_questions_in_order() -> None:
    known = Threads(Clock())
    assert known.asked("a", "1") == ()
    assert known.asked("b", "2") == ()
    assert known.asked("a", "3") == ("1",)
    assert known.asked("a", "4") == ("1", "3")


def test_it_remembers_a_dozen() -> None:
    known = Threads(Clock())
    for number in range(30):
        known.asked("a", str(number))
    assert known.asked("a", "x") == tuple(str(n) for n in range(18, 30))


def test_it_forgets_after_a_day_without_a_question() -> None:
    clock = Clock()
    known = Threads(clock)
    known.asked("a", "1")
    clock.seconds += threads.SECONDS
    assert known.asked("a", "2") == ("1",)
    clock.seconds += threads.SECONDS + 1
    assert known.asked("a", "3") == ()


def test_the_oldest_thread_makes_room() -> None:
    known = Threads(Clock())
    for number in range(threads.MOST_THREADS):
        known.asked(str(number), "x")
    known.asked("0", "y")
    known.asked("new", "x")
    assert known.asked("0", "z") == ("x", "y")
    assert known.asked("1", "z") == ()
