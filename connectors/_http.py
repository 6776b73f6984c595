"""Fetching a feed by HTTP from a stranger's server: conditional, bounded in time, size and reach, never more than GET.

Every way in which this fails becomes a sentence here. None of them holds the address: a secret link is a secret.
"""

from __future__ import annotations

import socket
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address, ip_address
from threading import Timer
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urljoin, urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError

from connectors._feed import Feed, Validators
from connectors._retry_after import retry_after
from syncd.errors import AuthRequired, ConnectorError, Misconfigured, Transient

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from urllib3.poolmanager import ProxyManager

    from connectors._feed import Limits

MOST_REDIRECTS: Final = 5
LONGEST_SILENCE: Final = 20.0
"""Seconds a connection may take to be made, or stay silent."""

_PIECE: Final = 1 << 16
_SCHEMES: Final = ("http", "https")
_BUSY: Final = frozenset({408, 425, 429, 500, 502, 503, 504})


def fetch(url: str, known: Validators, limits: Limits, *, now: datetime, account: str) -> Feed:
    """The feed at `url` (http or https), unless the server says that it is still the one `known` stands for.

    Link-local addresses are never reached; loopback and private ones when `limits.private` allows it, or when `url`
    itself names them as a number or as localhost. Raises Transient, AuthRequired or Misconfigured, with sentences that
    name the host and never the address.
    """
    visit = _Visit(urlsplit(url).hostname or "", limits)
    with visit.watched(), requests.Session() as session:
        for scheme in _SCHEMES:
            session.mount(f"{scheme}://", _Adapter())
        try:
            return _Answer(session, visit, url, now, account).read(known)
        except (requests.RequestException, HTTPError, OSError, UnicodeError) as error:
            raise visit.explained(error) from None  # the vendor's text holds the address


class _Answer:
    """One fetch, through its redirects."""

    def __init__(self, session: requests.Session, visit: _Visit, url: str, now: datetime, account: str) -> None:
        self._session = session
        self._visit = visit
        self._url = url
        self._now = now
        self._account = account

    def read(self, known: Validators) -> Feed:
        headers = {"User-Agent": "syncd", "Accept": "text/calendar, */*;q=0.1"}
        if known.etag:
            headers["If-None-Match"] = known.etag
        if known.modified:
            headers["If-Modified-Since"] = known.modified
        url = self._url
        for _ in range(MOST_REDIRECTS + 1):
            silence = min(LONGEST_SILENCE, self._visit.limits.seconds)
            with self._session.get(url, headers=headers, stream=True, allow_redirects=False, timeout=silence) as answer:
                if not answer.is_redirect:
                    return self._taken(answer, known)
                url = self._onward(url, answer.headers.get("Location", ""))
        raise Transient(f"{self._visit.host} redirects without end.")

    def _onward(self, url: str, location: str) -> str:
        target = urljoin(url, location)
        host = urlsplit(target).hostname
        if urlsplit(target).scheme not in _SCHEMES or not host:
            raise Transient(f"{self._visit.host} redirects to something that is not on the web.")
        if urlsplit(url).scheme == "https" and urlsplit(target).scheme == "http":
            raise Transient(f"{self._visit.host} redirects to a connection that is not protected; it was not followed.")
        self._visit.host = host
        return target

    def _taken(self, answer: requests.Response, known: Validators) -> Feed:
        status = answer.status_code
        if status == requests.codes.not_modified and known != Validators():
            return Feed(None, known)
        if status != requests.codes.ok:
            raise self._refusal(status, answer.headers.get("Retry-After", ""))
        body = bytearray()
        for piece in answer.iter_content(_PIECE):
            body += piece
            if len(body) > self._visit.limits.size:
                raise Misconfigured(
                    f"The calendar at {self._visit.host} is larger than {self._visit.limits.size / 1e6:g} MB.",
                    f"If that is right, raise size_limit of accounts.{self._account}, then type: syncd config check",
                )
            self._visit.check_time()
        self._visit.check_time()
        return Feed(bytes(body), Validators(answer.headers.get("ETag", ""), answer.headers.get("Last-Modified", "")))

    def _refusal(self, status: int, wait: str) -> ConnectorError:
        host, url = self._visit.host, f"`url` of accounts.{self._account}"
        if status in {401, 403}:
            return AuthRequired(
                f"{host} does not let us read this calendar ({status}).",
                f"Copy its secret address from the calendar's sharing settings to where {url} finds it, "
                f"then type: syncd sync {self._account}",
            )
        if status in _BUSY or status > max(_BUSY) or status < requests.codes.bad_request:
            return Transient(
                f"{host} cannot give the calendar now ({status}).", retry_after=retry_after(wait, self._now)
            )
        reason = "has no calendar at this address" if status in {404, 410} else "refuses this address"
        return Misconfigured(f"{host} {reason} ({status}).", f"Correct {url}, then type: syncd sync {self._account}")


@dataclass(slots=True)
class _Visit:
    """Where a fetch may go, and until when: it is told of every connection, and cuts it off when time is up."""

    host: str
    limits: Limits
    late: bool = False
    _trusted: str = field(default="", init=False)
    _line: socket.socket | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        numeric = _address(self.host)
        if self.limits.private or numeric is not None or self.host == "localhost":
            self._trusted = self.host

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Within this, every connection made by this thread is of this visit."""
        timer = Timer(self.limits.seconds, self._cut_off)
        timer.daemon = True
        token = _visit.set(self)
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
            _visit.reset(token)
            self._let_go()

    def admit(self, line: socket.socket, *, direct: bool) -> None:
        """Look where a connection really leads, whatever name it was asked for by; a proxy looks for itself."""
        self._let_go()
        self._line = line.dup()
        self.check_time()
        peer = _address(str(line.getpeername()[0])) if direct else None
        if peer is None:
            return
        inside = peer.is_loopback or peer.is_private
        if peer.is_link_local or peer.is_multicast or peer.is_unspecified:
            line.close()
            raise Misconfigured(
                f"{self.host} is not on the web: its address is {peer}.", "Correct `url`, then type: syncd config check"
            )
        if inside and not self.limits.private and self.host != self._trusted:
            line.close()
            raise Misconfigured(
                f"{self.host} is inside this network: its address is {peer}.",
                "If you trust it, add allow_private = true beside `url`, then type: syncd config check",
            )

    def check_time(self) -> None:
        if self.late:
            raise Transient(f"{self.host} took longer than {self.limits.seconds:g} seconds to give the calendar.")

    def explained(self, error: Exception) -> ConnectorError:
        """What went wrong on the way, as a sentence."""
        if self.late or isinstance(error, requests.Timeout):
            return Transient(f"{self.host} did not give the calendar in time.")
        if isinstance(error, requests.exceptions.SSLError):
            return Transient(
                f"The certificate of {self.host} is not trusted.",
                "A network that wants a sign-in first does this too; open a web page, then type: syncd sync",
            )
        if isinstance(error, requests.exceptions.InvalidURL | requests.exceptions.InvalidSchema | UnicodeError):
            return Misconfigured(
                f"The address of {self.host} is not right.", "Correct `url`, then type: syncd config check"
            )
        if isinstance(error, requests.ConnectionError):
            return Transient(f"{self.host} could not be reached.")
        return Transient(f"The answer of {self.host} broke off.")

    def _cut_off(self) -> None:
        self.late = True
        line = self._line
        if line is not None:
            try:
                line.shutdown(socket.SHUT_RDWR)
            except OSError:
                return

    def _let_go(self) -> None:
        line, self._line = self._line, None
        if line is not None:
            line.close()


_visit: ContextVar[_Visit] = ContextVar("_visit")


class _PlainConnection(HTTPConnection):
    def _new_conn(self) -> socket.socket:
        line = super()._new_conn()
        _visit.get().admit(line, direct=self.proxy is None)
        return line


class _SecureConnection(HTTPSConnection):
    def _new_conn(self) -> socket.socket:
        line = super()._new_conn()
        _visit.get().admit(line, direct=self.proxy is None)
        return line


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _PlainConnection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


_POOLS: Final = {"http": _PlainPool, "https": _SecurePool}


class _Adapter(HTTPAdapter):
    """Makes connections that report to the visit they belong to."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - the library's own signature
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> ProxyManager:  # noqa: ANN401 - likewise
        manager: ProxyManager = super().proxy_manager_for(proxy, **kwargs)
        manager.pool_classes_by_scheme = _POOLS
        return manager


def _address(host: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address
