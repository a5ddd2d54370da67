"""Signals: the first ends the work where nothing is lost, the second ends the program."""

import os
import signal
import threading

import pytest

from lowlight_cli.pipeline import signals as interruption
from lowlight_cli.pipeline.signals import Interruption, Stopped, exit_code_of


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_stops_harmless_work_at_once(number, code):
    watch = Interruption()

    def work():
        with watch.interruptible():
            os.kill(os.getpid(), number)
            pytest.fail("the work went on")

    with watch.installed(), pytest.raises(Stopped) as stop:
        work()
    assert exit_code_of(stop.value) == code


def test_a_signal_elsewhere_waits_for_harmless_work():
    watch, rows = Interruption(), []
    with watch.installed():
        signal.raise_signal(signal.SIGINT)
        rows.append("a row")
        with pytest.raises(Stopped), watch.interruptible():
            pytest.fail("work began after the signal")
    assert rows == ["a row"]


def test_the_second_signal_ends_the_program(monkeypatch):
    codes = []
    monkeypatch.setattr(interruption, "leave", codes.append)
    watch = Interruption()
    with watch.installed():
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGTERM)
    assert codes == [143]


def test_handlers_are_put_back():
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    with Interruption().installed():
        assert signal.getsignal(signal.SIGINT) != before[0]
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before


def test_other_threads_take_no_signals():
    before, seen = signal.getsignal(signal.SIGINT), []

    def work():
        watch = Interruption()
        with watch.installed(), watch.interruptible():
            seen.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [before]


def test_control_c_without_a_watch_is_130():
    assert exit_code_of(KeyboardInterrupt()) == 130
