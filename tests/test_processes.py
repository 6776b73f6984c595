"""Processes by name: the dead of this machine are known, of others nobody can tell."""

from __future__ import annotations

import os
import subprocess
import sys

from syncd.processes import is_dead, this_process

HERE = os.uname().nodename


def test_a_process_of_this_machine_is_dead_once_it_ended() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        assert not is_dead(f"{HERE}:{other.pid}")
    assert is_dead(f"{HERE}:{other.pid}")


def test_a_process_that_had_our_own_number_is_dead() -> None:
    assert is_dead(this_process())


def test_a_process_of_somebody_else_lives() -> None:
    assert not is_dead(f"{HERE}:1")


def test_of_another_machine_or_a_name_that_is_none_nobody_can_tell() -> None:
    assert not is_dead("elsewhere:1")
    assert not is_dead(HERE)
    assert not is_dead("")
    assert not is_dead(f"{HERE}:{10**30}")
