"""What the connectors' tests share: servers that must see nothing but reading, and how long an answer is waited for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest
import stamina

from tests.contract.gmail_account import GmailAccount
from tests.contract.imap_account import letter
from tests.contract.microsoft_account import CLIENT_ID
from tests.contract.microsoft_desktop import Desktop
from tests.contract.outlook_diary import Diary
from tests.servers.google import Google
from tests.servers.google_clock import FakeClock
from tests.servers.graph import graph_server
from tests.servers.oidc import Oidc, require_packages
from tests.servers.scripted_imap import ScriptedImap

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.servers.graph import Graph
    from tests.servers.scripted_imap import Box


_PATIENCE: Final = (
    "connectors._google_tokens.TIMEOUT",
    "connectors._microsoft_graph.ANSWER_WITHIN",
    "connectors._microsoft_msal.ANSWER_WITHIN",
)


@pytest.fixture
def no_patience(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """To be called where no answer will come: what is opened from then on does not wait a minute for it.

    Everywhere else connectors wait as long as they always do, for this machine may be a slow one.
    """

    def end() -> None:
        for name in _PATIENCE:
            monkeypatch.setattr(name, 0.2)

    return end


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """The servers are on this machine; nobody's proxy stands in between."""
    monkeypatch.setenv("no_proxy", "*")


@pytest.fixture
def graph() -> Iterator[Graph]:
    """The double of Microsoft Graph; at the end of the test, no rule was broken."""
    with graph_server() as graph:
        yield graph


@pytest.fixture
def diary(graph: Graph) -> Diary:
    """The Outlook calendar of somebody there, and its reader."""
    return Diary(graph)


@pytest.fixture
def scripted(monkeypatch: pytest.MonkeyPatch) -> Iterator[ScriptedImap]:
    """A server; at the end of the test, whatever came was read-only."""
    monkeypatch.setattr("connectors._imap_session.CONNECT_WITHIN", 0.5)
    monkeypatch.setattr("connectors._imap_session.ANSWER_WITHIN", 0.5)
    monkeypatch.setattr("connectors.imap.PAGE", 4)
    with stamina.set_testing(testing=True, attempts=2), ScriptedImap() as server:
        yield server
    server.assert_read_only()


@pytest.fixture
def google_clock() -> FakeClock:
    """The time of a reader and of its Google: `context(now=google_clock, pause=google_clock.pause)`."""
    return FakeClock()


@pytest.fixture
def google(google_clock: FakeClock) -> Iterator[Google]:
    """Google; at the end of the test, nothing was asked or answered against its contract."""
    with Google(clock=google_clock) as server:
        yield server
    assert server.violations == []


@pytest.fixture
def gmail(google: Google, google_clock: FakeClock, monkeypatch: pytest.MonkeyPatch) -> GmailAccount:
    """An empty account at Gmail, whose listing and history come in pages of ten."""
    monkeypatch.setattr("connectors._gmail_mailbox.LIST", 10)
    return GmailAccount(google, google_clock)


@pytest.fixture
def inbox(scripted: ScriptedImap) -> Box:
    """INBOX with ten letters, uids 1 to 10."""
    box = scripted.boxes["INBOX"]
    for number in range(1, 11):
        box.add(letter(number))
    return box


@pytest.fixture(scope="session")
def oidc() -> Iterator[Oidc]:
    """A real OAuth server in Microsoft's place, for all tests of one run."""
    with Oidc(require_packages(), CLIENT_ID) as server:
        yield server


@pytest.fixture
def desktop(oidc: Oidc, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desktop]:
    """A machine that trusts this server, where nobody has signed in."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(oidc.certificate.chain))
    oidc.as_()
    oidc.let_live(AccessToken=3600, RefreshToken=86400, DeviceCode=900)
    desktop = Desktop(oidc)
    yield desktop
    desktop.close()
