"""The real `syncd run`, as a process: what a service manager sees of it, and how it ends."""

from __future__ import annotations

import signal
import socket
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from syncd.clock import system_clock
from syncd.config import load
from syncd.store import Store
from tests.daemon.house import CONFIG, write_mail
from tests.daemon.manager import PATIENCE, Service
from tests.servers.daemon import free_ports

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

IMAP = """
[accounts.silent]
type = "imap"
username = "davide"
address = "davide@rossi.example"
host = "127.0.0.1"
port = {port}
tls = "none"
password = {{ env = "IMAP_PASSWORD" }}
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A configuration with one account in a file; every day has a digest, which is due after midnight."""
    path = tmp_path / "config.toml"
    days = 'at = "00:00"\ndays = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]'
    path.write_text(CONFIG.replace("[digest]\n", f"[digest]\n{days}\n"), encoding="utf-8")
    write_mail(tmp_path, 1, system_clock())
    return path


@pytest.fixture
def service(config: Path) -> Service:
    return Service(config.parent, config)


@pytest.fixture
def silent_server() -> Iterator[socket.socket]:
    """A server that takes a connection and never says a word."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        listener.settimeout(PATIENCE)
        yield listener


def letters(config: Path) -> list[str]:
    with Store.open(load(config).store_url) as store:
        return [f"{letter.state} {letter.attempts}" for letter in store.letters()]


def delivered(config: Path) -> int:
    return len(list((config.parent / "inbox" / "new").iterdir()))


def test_it_tells_that_it_is_ready_how_it_is_and_that_it_stops(service: Service) -> None:
    with service:
        assert "STATUS=work is read for the first time" in service.hear("READY=1")
        service.hear("STATUS=1 account read, at ")
        assert service.stop() == 0
        service.hear("STOPPING=1")
        assert "syncd has stopped." in service.log
    assert delivered(service.config) == 1


def test_ctrl_c_ends_it_politely(service: Service) -> None:
    with service:
        service.hear("READY=1")
        assert service.stop(signal.SIGINT) == 0


def test_it_stops_in_time_while_a_server_never_answers(service: Service, silent_server: socket.socket) -> None:
    port = silent_server.getsockname()[1]
    service.config.write_text(service.config.read_text() + IMAP.format(port=port))
    service.environment["IMAP_PASSWORD"] = "secret"
    with service:
        line, _ = silent_server.accept()
        with line:
            assert service.stop() == 0


def test_it_stops_in_time_while_another_program_holds_the_database(service: Service) -> None:
    with Store.open(load(service.config).store_url) as store, service:
        service.hear("STATUS=1 account read")
        with store.transactions.writing():
            write_mail(service.folder, 2, system_clock())
            service.send(signal.SIGHUP)
            service.hear("RELOADING=1")
            assert service.stop() == 0


def test_the_watchdog_hears_of_it_again_and_again(service: Service) -> None:
    service.environment["WATCHDOG_USEC"] = "600000"
    with service:
        for _ in range(5):
            service.hear("WATCHDOG=1")
        assert service.stop() == 0


def test_a_reload_tells_when_it_begins_and_when_it_is_done(service: Service) -> None:
    with service:
        service.hear("STATUS=1 account read")
        service.config.write_text(service.config.read_text().replace("accounts.work", "accounts.home"))
        service.send(signal.SIGHUP)
        assert "MONOTONIC_USEC=" in service.hear("RELOADING=1")
        service.hear("READY=1")
        service.hear("STATUS=1 account read")
        assert service.stop() == 0
    assert "The configuration was reloaded: the account home." in service.log
    with Store.open(load(service.config).store_url) as store:
        assert [account.name for account in store.accounts()] == ["home", "work"]


def test_a_reload_with_a_fault_says_where_it_is_and_goes_on(service: Service) -> None:
    with service:
        service.hear("STATUS=1 account read")
        good = service.config.read_text()
        service.config.write_text(good.replace("time_zone", "time_zome"))
        service.send(signal.SIGHUP)
        service.hear("RELOADING=1")
        assert "config.toml:5:1" in service.hear("READY=1")
        assert "not in force" in service.hear("1 account read")
        service.config.write_text(good)
        service.send(signal.SIGHUP)
        service.hear("RELOADING=1")
        service.hear("READY=1")
        assert "not in force" not in service.hear("1 account read")
        assert service.stop() == 0


def test_a_reload_with_a_fault_names_nobody_to_the_service_manager(service: Service) -> None:
    twice = '\n[people."anna@arup.example"]\nname = "Anna"\n[people."Anna@arup.example"]\nname = "Anna"\n'
    with service:
        service.hear("STATUS=1 account read")
        service.config.write_text(service.config.read_text() + twice)
        service.send(signal.SIGHUP)
        service.hear("RELOADING=1")
        said = service.hear("READY=1")
        assert "not in force" in said
        assert "arup" not in said
        assert service.stop() == 0


def test_a_configuration_with_a_fault_is_refused_at_the_start(service: Service) -> None:
    service.config.write_text("[me\n")
    with service:
        assert service.process.wait(PATIENCE) == 78
        assert "config.toml:1" in service.log


def test_a_store_that_cannot_be_used_is_refused_at_the_start(service: Service) -> None:
    (service.folder / "syncd.db").write_bytes(b"no database, and longer than the header of one" * 100)
    with service:
        assert service.process.wait(PATIENCE) == 73
        assert "is damaged" in service.log


def test_killed_and_started_again_it_mails_no_second_digest(service: Service) -> None:
    with service:
        service.hear("STATUS=1 account read")
        service.kill()
    for _ in range(2):
        with service:
            service.hear("STATUS=1 account read")
            assert service.stop() == 0
    assert letters(service.config) == ["sent 1"]
    assert delivered(service.config) == 1


def test_of_two_on_one_store_one_stands_by_and_takes_over_when_the_other_is_killed(service: Service) -> None:
    with service:
        service.hear("STATUS=1 account read")
        with Service(service.folder, service.config) as second:
            assert f":{service.process.pid} keeps watch" in second.hear("READY=1")
            service.kill()
            second.hear("STATUS=1 account read")
            assert second.stop() == 0
    assert letters(service.config) == ["sent 1"]
    assert delivered(service.config) == 1


def test_ports_that_nobody_listens_on_are_a_trouble_that_is_told(service: Service) -> None:
    (port,) = free_ports(1)
    service.config.write_text(service.config.read_text() + IMAP.format(port=port))
    service.environment["IMAP_PASSWORD"] = "secret"
    with service:
        service.hear("silent cannot be read since")
        assert service.stop() == 0
    assert "warning: silent: " in service.log
