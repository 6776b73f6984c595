"""What the service manager hears, on the socket it names."""

from __future__ import annotations

import socket
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from syncd.daemon.notify import Notifier

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[socket.socket]:
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as listener:
        listener.bind(str(tmp_path / "notify"))
        listener.settimeout(10)
        yield listener


def test_it_is_told_assignments_line_by_line(manager: socket.socket) -> None:
    Notifier(manager.getsockname()).tell("READY=1", "STATUS=3 accounts read")
    assert manager.recv(4096) == b"READY=1\nSTATUS=3 accounts read"


def test_a_socket_may_have_a_name_that_is_in_no_folder() -> None:
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as listener:
        listener.bind("")  # the kernel chooses an abstract name (unix(7), autobind)
        name = listener.getsockname().decode()
        Notifier(f"@{name[1:]}").tell("READY=1")
        listener.settimeout(10)
        assert listener.recv(4096) == b"READY=1"


@pytest.mark.parametrize("address", ["", "relative", "vsock:2:1234", "/nowhere/notify"])
def test_where_nobody_listens_nothing_is_told(address: str) -> None:
    Notifier(address).tell("READY=1")


def test_a_manager_that_is_gone_is_no_trouble(manager: socket.socket) -> None:
    notifier = Notifier(manager.getsockname())
    manager.close()
    notifier.tell("WATCHDOG=1")


@pytest.mark.parametrize(
    ("usec", "pid", "every"),
    [
        ("30000000", "", 10.0),
        ("30000000", "4711", 10.0),
        ("30000000", "4712", None),
        ("", "4711", None),
        ("0", "", None),
        ("soon", "", None),
    ],
)
def test_the_watchdog_hears_of_us_three_times_in_its_patience_when_it_watches_us(
    usec: str, pid: str, every: float | None
) -> None:
    variables = {"WATCHDOG_USEC": usec, "WATCHDOG_PID": pid}
    assert Notifier.taken_from(variables, 4711).watchdog == every


def test_what_this_process_starts_does_not_speak_for_it() -> None:
    variables = {"NOTIFY_SOCKET": "/run/notify", "WATCHDOG_USEC": "1", "WATCHDOG_PID": "1", "HOME": "/home/davide"}
    assert Notifier.taken_from(variables, 1).address == "/run/notify"
    assert variables == {"HOME": "/home/davide"}
