"""How the program ends."""

import signal

import pytest

from lowlight_cli import __main__ as program


@pytest.mark.parametrize(
    ("code", "at_once"), [(0, []), (3, []), (8, []), (130, [130]), (141, [141]), (143, [143])]
)
def test_only_what_a_signal_ended_is_left_at_once(monkeypatch, code, at_once):
    left, handlers = [], {}
    monkeypatch.setattr(program.signal, "signal", handlers.__setitem__)
    monkeypatch.setattr(program, "keep_own_stderr", lambda: None)
    monkeypatch.setattr(program, "import_main", lambda: lambda: code)
    monkeypatch.setattr(program, "leave", left.append)
    with pytest.raises(SystemExit) as end:
        program.run()
    assert end.value.code == code
    assert left == at_once
    assert handlers == {signal.SIGINT: signal.SIG_IGN}  # what comes after the last word interrupts nothing
