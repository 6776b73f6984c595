"""How long a Microsoft sign-in lasts, and what survives: rotation, revocation, damage, two at once (faults 43, 59)."""

from __future__ import annotations

import json
import multiprocessing
from typing import TYPE_CHECKING

import pytest

from connectors._microsoft import CALENDARS, MAIL
from syncd.errors import AuthRequired, StoreError, Transient
from syncd.testing import HeldTokens
from syncd.tokens import TokenFile
from tests.contract.microsoft_account import ADDRESS
from tests.contract.microsoft_desktop import ANYTHING, Clock, Desktop, opened

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def signed_in(desktop: Desktop) -> Desktop:
    desktop.sign_in()
    return desktop


def test_one_token_does_for_many_requests_and_many_runs(signed_in: Desktop) -> None:
    before = signed_in.server.counts["token"]
    for _ in range(3):
        account = signed_in.open()
        account.get(ANYTHING)
        account.get(ANYTHING)
    assert signed_in.server.counts["token"] == before


def test_refresh_tokens_rotate_for_months(signed_in: Desktop) -> None:
    before = signed_in.server.counts["refreshed"]
    for _ in range(5):
        signed_in.clock.ahead += 3600
        assert signed_in.open().get(ANYTHING)["account"] == ADDRESS
    assert signed_in.server.counts["refreshed"] - before == 5


def test_a_token_that_graph_refuses_is_renewed_once_and_the_request_repeated(signed_in: Desktop) -> None:
    kept = json.loads(signed_in.held.text or "")
    signed_in.held.text = json.dumps({**kept, "access": "a token that Graph does not know"})
    before = signed_in.server.counts["refreshed"]
    assert signed_in.open().get(ANYTHING)["account"] == ADDRESS
    assert signed_in.server.counts["refreshed"] == before + 1


def test_a_token_that_another_process_renewed_meanwhile_is_taken_from_the_file(signed_in: Desktop) -> None:
    daemon = signed_in.open()
    daemon.get(ANYTHING)
    refused = json.loads(signed_in.held.text or "")["access"]
    signed_in.open().sign_in_state()
    before = signed_in.server.counts["refreshed"]
    assert daemon._keeper.access_token(refused) == json.loads(signed_in.held.text or "")["access"] != refused
    assert signed_in.server.counts["refreshed"] == before


def test_a_sign_in_that_was_revoked_is_asked_about_once(signed_in: Desktop) -> None:
    account = signed_in.open()
    account.get(ANYTHING)
    signed_in.server.revoke(ADDRESS)
    before = signed_in.server.counts["refused"]
    for again in (account, account, signed_in.open()):
        with pytest.raises(AuthRequired, match="revoked") as raised:
            again.get(ANYTHING)
        assert "syncd auth test" in raised.value.hint
    with pytest.raises(AuthRequired, match="revoked"):
        signed_in.open().sign_in_state()
    assert signed_in.server.counts["refused"] == before + 1


def test_signing_in_again_revives_it(signed_in: Desktop) -> None:
    signed_in.server.revoke(ADDRESS)
    account = signed_in.open()
    with pytest.raises(AuthRequired):
        account.get(ANYTHING)
    signed_in.sign_in()
    assert account.get(ANYTHING)["account"] == ADDRESS


def test_the_state_is_what_microsoft_says_now(signed_in: Desktop, monkeypatch: pytest.MonkeyPatch) -> None:
    said = signed_in.open().sign_in_state()
    assert said[0].startswith(f"Signed in as {ADDRESS} since ")
    assert said[1] == "Microsoft accepts it."
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "")
    assert "could not be asked" in signed_in.open().sign_in_state()[1]


def test_signing_out_forgets_and_says_where_to_take_the_permission_back(signed_in: Desktop) -> None:
    said = signed_in.open().sign_out()
    assert signed_in.held.text is None
    assert "forgotten" in said[0]
    assert "myapps.microsoft.com" in said[1]
    assert signed_in.open().sign_out()[0] == "Nobody was signed in."
    with pytest.raises(AuthRequired, match="Nobody signed in"):
        signed_in.open().get(ANYTHING)


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text[: len(text) // 2],
        lambda _: "",
        lambda _: "null",
        lambda _: "\x00",
        lambda text: json.dumps({**json.loads(text), "cache": {"RefreshToken": "?"}}),
        lambda text: json.dumps({**json.loads(text), "cache": {"RefreshToken": {"a": {"secret": 1}}}}),
        lambda text: json.dumps({**json.loads(text), "cache": {}}),
        lambda text: json.dumps({**json.loads(text), "version": 2}),
        lambda text: text.replace('"environment"', '"surroundings"'),
    ],
)
def test_a_damaged_file_asks_for_a_new_sign_in_and_shows_nothing_of_it(
    signed_in: Desktop, damage: Callable[[str], str]
) -> None:
    text = signed_in.held.text or ""
    secret = json.loads(text)["access"]
    signed_in.held.text = damage(text)
    signed_in.clock.ahead = 3600
    with pytest.raises(AuthRequired) as raised:
        signed_in.open().get(ANYTHING)
    assert "syncd auth test" in raised.value.hint
    assert secret not in str(raised.value)
    assert secret not in str(raised.value.__cause__)


@pytest.mark.parametrize(
    ("more", "scopes", "word"),
    [
        ({"client_id": "99999999-2222-3333-4444-555555555555"}, (CALENDARS,), "client_id"),
        ({"address": "other@northwind.example"}, (CALENDARS,), "address"),
        ({}, (CALENDARS, MAIL), "permissions"),
    ],
)
def test_other_settings_need_another_sign_in(
    signed_in: Desktop, more: dict[str, str], scopes: tuple[str, ...], word: str
) -> None:
    with pytest.raises(AuthRequired, match=word):
        signed_in.open(*scopes, **more).get(ANYTHING)


def test_a_server_that_cannot_be_trusted_now_costs_nothing(signed_in: Desktop, monkeypatch: pytest.MonkeyPatch) -> None:
    signed_in.clock.ahead = 3600
    with monkeypatch.context() as patch:
        patch.setenv("REQUESTS_CA_BUNDLE", "")
        with pytest.raises(Transient, match="certificate"):
            signed_in.open().get(ANYTHING)
    assert signed_in.open().get(ANYTHING)["account"] == ADDRESS


class Disk(HeldTokens):
    """Tokens that cannot be written while the disk is full."""

    full = False

    def write(self, text: str) -> None:
        if self.full:
            raise StoreError("The sign-in cannot be kept: No space left on device.", "Make room.")
        super().write(text)


def test_a_full_disk_does_not_use_up_the_refresh_token(desktop: Desktop) -> None:
    disk = Disk()
    desktop.tokens = disk
    desktop.sign_in()
    desktop.clock.ahead, disk.full, before = 3600, True, desktop.server.counts["refreshed"]
    with pytest.raises(StoreError):
        desktop.open().get(ANYTHING)
    assert desktop.server.counts["refreshed"] == before
    disk.full = False
    assert desktop.open().get(ANYTHING)["account"] == ADDRESS


def read_often(authority: str, folder: Path, times: int) -> None:
    """What a daemon does, or a command line beside it, where every request finds its token too old to use."""
    account = opened(authority, TokenFile(folder, "work"), Clock())
    for _ in range(times):
        assert account.get(ANYTHING)["account"] == ADDRESS
    account.close()


@pytest.fixture
def short_lived(desktop: Desktop, tmp_path: Path) -> Desktop:
    """Signed in, in a file, with tokens so short-lived that every request needs a new one."""
    desktop.tokens = TokenFile(tmp_path, "work")
    desktop.server.let_live(AccessToken=60)
    desktop.sign_in()
    return desktop


def test_two_processes_that_refresh_at_once_lose_no_refresh_token(short_lived: Desktop, tmp_path: Path) -> None:
    before = short_lived.server.counts
    spawn = multiprocessing.get_context("spawn")
    both = [spawn.Process(target=read_often, args=(short_lived.server.authority, tmp_path, 10)) for _ in range(2)]
    for process in both:
        process.start()
    for process in both:
        process.join(60)
        assert process.exitcode == 0
    after = short_lived.server.counts
    assert after["refreshed"] - before["refreshed"] == 20
    assert after["refused"] == before["refused"]
    assert (tmp_path / "work.json").stat().st_mode & 0o777 == 0o600


def test_a_process_that_is_killed_while_it_refreshes_leaves_a_whole_file(short_lived: Desktop, tmp_path: Path) -> None:
    spawn = multiprocessing.get_context("spawn")
    victim = spawn.Process(target=read_often, args=(short_lived.server.authority, tmp_path, 10_000))
    before = short_lived.server.counts["refreshed"]
    victim.start()
    while short_lived.server.counts["refreshed"] < before + 3:
        assert victim.is_alive()
    victim.kill()
    victim.join(60)
    assert short_lived.open()._keeper.read().username == ADDRESS
    with TokenFile(tmp_path, "work").locked():
        assert [path.name for path in tmp_path.glob("*.json")] == ["work.json"]
