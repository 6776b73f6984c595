"""Getting in, or saying in one sentence why not: settings, passwords, tokens, certificates, refusals."""

from __future__ import annotations

import socket
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import ValidationError

from connectors._imap_options import ImapOptions
from connectors.imap import Imap
from syncd.connector import SecretRef
from syncd.errors import AuthRequired, ConnectorError, Misconfigured, Transient
from syncd.testing import NOW, context
from tests.contract.imap_account import REFERENCE, letter, options, poll
from tests.servers.dovecot import PASSWORD, SENT, Dovecot, require_program
from tests.servers.scripted_imap import USER, Conversation, ScriptedImap

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TOKEN = SecretRef(command=("print-a-token",))
AT_HOME = {"type": "imap", "address": "anna@example.com", "host": "mail.example.com", "password": {"env": "P"}}


# ------------------------------------------------------------------ settings


@pytest.mark.parametrize(("tls", "port"), [("implicit", 993), ("starttls", 143)])
def test_the_port_follows_the_protection(tls: str, port: int) -> None:
    assert ImapOptions.model_validate({**AT_HOME, "tls": tls}).port == port
    assert ImapOptions.model_validate({**AT_HOME, "tls": tls, "port": 1993}).port == 1993


def test_the_name_to_sign_in_with_is_the_address_unless_it_is_given() -> None:
    assert ImapOptions.model_validate(AT_HOME).user == "anna@example.com"
    other = ImapOptions.model_validate({**AT_HOME, "username": "anna.rossi@example.org"})
    assert other.user == "anna.rossi@example.org"
    assert other.own_addresses() == ("anna@example.com", "anna.rossi@example.org")
    assert ImapOptions.model_validate({**AT_HOME, "username": "anna"}).own_addresses() == ("anna@example.com",)


@pytest.mark.parametrize("host", ["mail.example.com", "192.0.2.1", "localhost.example.com"])
def test_nothing_is_sent_in_the_clear_to_another_machine(host: str) -> None:
    with pytest.raises(ValidationError, match="only for a server on this machine"):
        ImapOptions.model_validate({**AT_HOME, "host": host, "tls": "none"})


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "::1", "[::1]", "imap.localhost"])
def test_on_this_machine_nothing_has_to_be_protected(host: str) -> None:
    assert ImapOptions.model_validate({**AT_HOME, "host": host, "tls": "none"}).port == 143


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"password": None}, "either password or token"),
        ({"token": {"env": "T"}}, "either password or token"),
        ({"password": "hunter2"}, "must not stand in this file"),
        ({"host": ""}, "at least 1 character"),
        ({"host": "a\nb"}, "pattern"),
        ({"port": 0}, "greater than or equal to 1"),
        ({"tls": "ssl"}, "implicit"),
        ({"fodlers": ["INBOX"]}, "Extra inputs"),
    ],
)
def test_settings_that_cannot_work_are_refused(wrong: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValidationError, match=sentence):
        ImapOptions.model_validate({**AT_HOME, **wrong})


@pytest.mark.parametrize(
    "changed", [{"sent": ["Ausgang"]}, {"username": USER.upper()}, {"first_sync": "1 year"}, {"subjects": False}]
)
def test_other_settings_call_for_reading_again(scripted: ScriptedImap, changed: dict[str, Any]) -> None:
    scripted.greeting = "* PREAUTH here you are"
    cursor = poll(scripted).cursor
    with pytest.raises(ConnectorError, match="settings of this account have changed"):
        poll(scripted, cursor, **changed)


# ------------------------------------------------------------------ refusals


@pytest.mark.parametrize(
    ("answer", "error", "hint"),
    [
        ("NO [AUTHENTICATIONFAILED] Authentication failed.", AuthRequired, "password"),
        ("NO Invalid user or password", AuthRequired, "syncd sync test"),
        ("NO LOGIN failed", AuthRequired, "password"),
        ("NO login incorrect, please try again later", AuthRequired, "password"),
        ("NO [EXPIRED] That password has expired", AuthRequired, "password"),
        ("NO [ALERT] Application-specific password required: https://example.com", AuthRequired, "app password"),
        ("NO [ALERT] Please log in via your web browser", AuthRequired, "app password"),
        ("NO [PRIVACYREQUIRED] Use TLS first", Misconfigured, "tls"),
        ("NO [ALERT] Your account is not enabled for IMAP use.", Misconfigured, "Switch IMAP on"),
        ("NO IMAP access is disabled for this user", Misconfigured, "Switch IMAP on"),
        ("NO [UNAVAILABLE] Temporary authentication failure", Transient, "Nothing to do"),
        ("NO [ALERT] Too many simultaneous connections. (Failure)", Transient, "Nothing to do"),
        ("NO [INUSE] mailbox is locked", Transient, "Nothing to do"),
        ("NO Server is busy, try again later", Transient, "Nothing to do"),
        ("BAD [LIMIT] command rate exceeded", Transient, "Nothing to do"),
    ],
)
def test_a_refusal_is_understood(scripted: ScriptedImap, answer: str, error: type[ConnectorError], hint: str) -> None:
    scripted.refusals["LOGIN"] = answer
    with pytest.raises(ConnectorError) as raised:
        poll(scripted)
    assert type(raised.value) is error
    assert hint in raised.value.hint
    assert raised.value.title.endswith(".")
    assert PASSWORD not in str(raised.value)


@pytest.mark.parametrize(
    ("text", "wait"),
    [
        ("Request is throttled. Suggested Backoff Time: 299961 milliseconds", timedelta(milliseconds=299961)),
        ("Throttled, back-off time 90 seconds", timedelta(seconds=90)),
        ("[OVERQUOTA] too much", timedelta(minutes=5)),
    ],
)
def test_a_busy_server_is_left_alone_as_long_as_it_asks(scripted: ScriptedImap, text: str, wait: timedelta) -> None:
    scripted.refusals["LOGIN"] = f"NO {text}"
    with pytest.raises(Transient) as raised:
        poll(scripted)
    assert raised.value.retry_after == wait


def test_a_farewell_instead_of_a_greeting_is_understood(scripted: ScriptedImap) -> None:
    scripted.greeting = "* BYE Too many connections from your address"
    with pytest.raises(Transient, match="Too many connections") as raised:
        poll(scripted)
    assert raised.value.retry_after == timedelta(minutes=5)


def test_a_server_of_another_kind_is_not_an_imap_server(scripted: ScriptedImap) -> None:
    scripted.greeting = "220 mail.example.com ESMTP"
    with pytest.raises(Transient, match="did not greet as an IMAP server"):
        poll(scripted)


def test_a_mailbox_that_is_signed_in_but_not_connected_has_imap_switched_off(scripted: ScriptedImap) -> None:
    scripted.refusals["LIST"] = "BAD User is authenticated but not connected."
    with pytest.raises(Misconfigured, match="gives no mail over IMAP"):
        poll(scripted)
    assert scripted.connections == 1


def test_a_host_without_a_server_is_out_of_reach(scripted: ScriptedImap) -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    with pytest.raises(Transient, match=f"cannot be reached on port {port}"):
        poll(scripted, port=port)


def test_a_host_without_an_address_is_out_of_reach(scripted: ScriptedImap) -> None:
    with pytest.raises(Transient, match=r"no address to be found for nowhere\.invalid"):
        poll(scripted, host="nowhere.invalid", tls="implicit")


def test_a_server_that_takes_the_line_and_never_greets_is_given_up(scripted: ScriptedImap) -> None:
    scripted.greeting = "* OK"
    with socket.create_server(("127.0.0.1", 0)) as mute, pytest.raises(Transient, match="does not answer"):
        poll(scripted, port=mute.getsockname()[1])


def test_a_server_without_tls_on_that_port_is_a_wrong_setting(scripted: ScriptedImap) -> None:
    with pytest.raises(Misconfigured, match="does not speak TLS") as raised:
        poll(scripted, tls="implicit")
    assert "993" in raised.value.hint


def test_starttls_that_is_not_offered_is_never_skipped(scripted: ScriptedImap) -> None:
    with pytest.raises(Misconfigured, match="offers no STARTTLS"):
        poll(scripted, tls="starttls")
    assert "LOGIN" not in scripted.verbs()


def test_a_greeting_that_would_skip_the_protection_is_refused(scripted: ScriptedImap) -> None:
    scripted.greeting = "* PREAUTH come in"
    scripted.capabilities_after = "IMAP4rev1 STARTTLS"
    with pytest.raises(ConnectorError):
        poll(scripted, tls="starttls")
    assert "LIST" not in scripted.verbs()


# ------------------------------------------------------------------ passwords and tokens


def test_names_and_passwords_of_any_letters_get_through(scripted: ScriptedImap) -> None:
    scripted.password = 'a "quoted" back\\slash'

    def login(talk: Conversation, tag: str, rest: str) -> None:
        talk.signed_in = rest == rf'"{USER}" "a \"quoted\" back\\slash"'
        talk.done(tag, "OK in" if talk.signed_in else "NO wrong")

    scripted.overrides["LOGIN"] = login
    assert poll(scripted, password=scripted.password).pages


def test_a_password_beyond_ascii_goes_by_sasl(scripted: ScriptedImap) -> None:
    scripted.capabilities = "IMAP4rev1 AUTH=PLAIN"
    scripted.password = "grüße"
    assert poll(scripted, password="grüße").pages
    assert "LOGIN" not in scripted.verbs()


def test_a_password_with_a_line_break_is_a_wrong_setting(scripted: ScriptedImap) -> None:
    with pytest.raises(Misconfigured, match="line break"):
        poll(scripted, password="two\nlines")


def test_a_server_that_disables_login_is_signed_in_to_by_sasl_or_not_at_all(scripted: ScriptedImap) -> None:
    scripted.capabilities = "IMAP4rev1 LOGINDISABLED AUTH=PLAIN"
    assert poll(scripted).pages
    scripted.capabilities = "IMAP4rev1 LOGINDISABLED"
    with pytest.raises(Misconfigured, match="lets nobody sign in"):
        poll(scripted)
    assert "LOGIN" not in scripted.verbs()


class Tokens:
    """A command that prints another token every time."""

    def __init__(self, *tokens: str) -> None:
        self.left = list(tokens)

    def __call__(self, _: SecretRef) -> str:
        return self.left.pop(0)


def with_tokens(scripted: ScriptedImap, tokens: Tokens) -> Imap:
    return Imap(options(scripted, token=TOKEN), replace(context(), secret=tokens))


@pytest.fixture
def oauth(scripted: ScriptedImap) -> ScriptedImap:
    scripted.capabilities = "IMAP4rev1 AUTH=XOAUTH2"
    scripted.tokens = {"fresh"}
    scripted.boxes["INBOX"].add(letter(1))
    return scripted


def test_a_token_signs_in(oauth: ScriptedImap) -> None:
    assert len(list(with_tokens(oauth, Tokens("fresh")).poll(None, NOW - timedelta(days=9)))) == 1


def test_a_token_that_expired_is_asked_for_anew_once(oauth: ScriptedImap) -> None:
    tokens = Tokens("stale", "fresh", "never asked for")
    assert len(list(with_tokens(oauth, tokens).poll(None, NOW - timedelta(days=9)))) == 1
    assert tokens.left == ["never asked for"]


def test_a_token_that_stays_refused_calls_for_the_owner(oauth: ScriptedImap) -> None:
    with pytest.raises(AuthRequired):
        list(with_tokens(oauth, Tokens("stale", "stale too", "unused")).poll(None, NOW))


def test_a_token_that_lets_in_and_shows_nothing_is_asked_for_anew_once(oauth: ScriptedImap) -> None:
    oauth.refusals["LIST"] = "BAD User is authenticated but not connected."
    with pytest.raises(Misconfigured, match="gives no mail over IMAP"):
        list(with_tokens(oauth, Tokens("fresh", "fresh")).poll(None, NOW))
    assert oauth.connections == 2


def test_a_server_that_takes_no_tokens_says_so(scripted: ScriptedImap) -> None:
    with pytest.raises(Misconfigured, match="does not take tokens"):
        list(with_tokens(scripted, Tokens("fresh")).poll(None, NOW))


# ------------------------------------------------------------------ a real server


@pytest.fixture(scope="module")
def dovecot() -> Iterator[Dovecot]:
    with Dovecot(require_program()) as server:
        yield server


def at(server: Dovecot, user: str, tls: str, **told: Any) -> Imap:  # noqa: ANN401 - as a configuration file has them
    """A connector on Dovecot, over the protected port that goes with `tls`."""
    values = {
        "type": "imap", "address": user, "host": "localhost", "tls": tls,
        "port": server.tls_port if tls == "implicit" else server.port,
        "ca_file": server.certificate.chain, "password": REFERENCE, **told,
    }  # fmt: skip
    secrets = {REFERENCE: PASSWORD, TOKEN: server.token(user, NOW + timedelta(days=36500))}
    return Imap(ImapOptions.model_validate(values), context(secrets=secrets))


@pytest.mark.parametrize("tls", ["implicit", "starttls"])
def test_a_protected_connection_reads_mail(dovecot: Dovecot, tls: str) -> None:
    user = f"{tls}@example.com"
    dovecot.deliver(user, "INBOX", letter(1), NOW)
    (page,) = at(dovecot, user, tls).poll(None, NOW - timedelta(days=9))
    assert len(page.observations) == 1


@pytest.mark.parametrize("tls", ["implicit", "starttls"])
def test_a_certificate_nobody_vouches_for_is_refused(dovecot: Dovecot, tls: str) -> None:
    with pytest.raises(Transient, match="certificate that cannot be trusted") as raised:
        list(at(dovecot, "anna@example.com", tls, ca_file=None).poll(None, NOW))
    assert "ca_file" in raised.value.hint


def test_certificates_that_cannot_be_read_are_a_wrong_setting(dovecot: Dovecot, tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="cannot be read"):
        list(at(dovecot, "anna@example.com", "implicit", ca_file=tmp_path / "none.pem").poll(None, NOW))


def test_a_real_server_takes_a_token(dovecot: Dovecot) -> None:
    reader = at(dovecot, "token@example.com", "implicit", password=None, token=TOKEN)
    assert reader.check() == ("signed in to localhost as token@example.com", "folders to read: 2", f"sent mail: {SENT}")
