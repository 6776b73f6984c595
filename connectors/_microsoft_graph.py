"""Microsoft Graph, asked one thing at a time: GET only, politely, bounded in time and size, and never at another host.

Every way in which it refuses or fails becomes a sentence in `_microsoft_refusals`; here is how it is asked.
"""

from __future__ import annotations

from datetime import timedelta
from threading import Lock
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import requests
from urllib3.exceptions import HTTPError

from connectors._microsoft_refusals import Answer, broken, refused
from connectors._retry_after import retry_after
from syncd.errors import Transient

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from syncd.connector import Context

CONNECT_WITHIN: float = 10.0
ANSWER_WITHIN: float = 60.0
"""Seconds in which a connection is made, and which an answer may be silent."""

WHOLE_WITHIN: Final = timedelta(minutes=5)
"""The longest that one answer may take to arrive."""

MOST: Final = 64 << 20
"""The largest answer that is read, in octets."""

PATIENCE: float = 60.0
"""So many seconds a busy Graph is waited for within one call."""

UNTOLD_WAIT: Final = 5.0
"""So many seconds, and twice as many each time, when a busy Graph does not say how long."""

PREFER: Final = ('IdType="ImmutableId"', 'outlook.timezone="UTC"')
"""On every request, also on those by link (learn.microsoft.com/graph/outlook-immutable-id)."""

_VERSION: Final = "/v1.0"
_SLICE: Final = 1.0
_PIECE: Final = 1 << 16
_BUSY: Final = frozenset({429, 500, 502, 503, 504, 509})


class Graph:
    """One account at one Graph; `token` gives the access token, a newer one than the refused one it is told of."""

    def __init__(self, root: str, context: Context, token: Callable[[str], str]) -> None:
        self._root = root
        self._context = context
        self._token = token
        self._session: requests.Session | None = None
        self._one_at_a_time = Lock()
        self.requests = 0

    def owns(self, link: str) -> bool:
        """Whether an opaque link leads to this Graph: same scheme, host and port, and nothing that hides another."""
        if any(letter <= " " or letter in "\\\x7f" for letter in link):
            return False
        try:
            parts, root = urlsplit(link), urlsplit(self._root)
            same = (parts.scheme, parts.hostname, _port(parts.scheme, parts.port)) == (
                root.scheme,
                root.hostname,
                _port(root.scheme, root.port),
            )
        except ValueError:
            return False
        return same and "@" not in parts.netloc

    def get(self, path_or_link: str, params: Mapping[str, str] | None, prefer: Sequence[str]) -> dict[str, object]:
        """What Graph answers, as an object. Raises what `MicrosoftAccount.get` says."""
        url = path_or_link if "://" in path_or_link else f"{self._root}{_VERSION}{path_or_link}"
        if not self.owns(url):
            raise Transient(
                f"Microsoft Graph named a place to go on at another host ({_host(url)}); it was not followed.",
                f"The sign-in was not sent there. If it stays so, type: syncd doctor {self._context.account}",
            )
        with self._one_at_a_time:
            answer = self._answer(url, params, ", ".join((*PREFER, *prefer)))
        if answer.status != requests.codes.ok:
            raise refused(answer, self._context.account, by_link=url == path_or_link)
        return answer.as_object()

    def close(self) -> None:
        """Let go of the connection."""
        session, self._session = self._session, None
        if session is not None:
            session.close()

    def _answer(self, url: str, params: Mapping[str, str] | None, prefer: str) -> Answer:
        """The answer, after waiting for a busy Graph as long as there is patience, and with a sign-in renewed once."""
        token, renewed, waited, untold = self._token(""), False, 0.0, UNTOLD_WAIT
        while True:
            answer = self._ask(url, params, {"Authorization": f"Bearer {token}", "Prefer": prefer})
            if answer.status == requests.codes.unauthorized and not renewed:
                token, renewed = self._token(token), True
                continue
            if answer.status not in _BUSY:
                return answer
            told = answer.retry_after
            wait = untold if told is None else max(told.total_seconds(), _SLICE)
            if waited + wait > PATIENCE or not self._wait(wait):
                return answer
            waited, untold = waited + wait, untold * 2 if told is None else untold

    def _ask(self, url: str, params: Mapping[str, str] | None, headers: Mapping[str, str]) -> Answer:
        """One answer; a connection that breaks (a server closes idle ones) is made anew, once."""
        for second in (False, True):
            try:
                return self._ask_once(url, params, headers)
            except (requests.RequestException, HTTPError, OSError, UnicodeError) as error:
                if second or not _may_have_been_idle(error):
                    raise broken(error, _host(self._root)) from error
        raise AssertionError("the second attempt answers or raises")

    def _ask_once(self, url: str, params: Mapping[str, str] | None, headers: Mapping[str, str]) -> Answer:
        if self._session is None:
            self._session = requests.Session()
            self._session.headers.update({"User-Agent": "syncd", "Accept": "application/json"})
        self.requests += 1
        self._context.log.debug(
            "account %s: request %d, %s", self._context.account, self.requests, urlsplit(url).path[:200]
        )
        now = self._context.now
        began, body = now(), bytearray()
        with self._session.get(
            url,
            params=params,
            headers=headers,
            stream=True,
            allow_redirects=False,
            timeout=(CONNECT_WITHIN, ANSWER_WITHIN),
        ) as answer:
            for piece in answer.iter_content(_PIECE):
                body += piece
                if len(body) > MOST:
                    raise Transient(f"{_host(url)} answered with more than {MOST >> 20} MB at once.")
                if now() - began > WHOLE_WITHIN:
                    raise Transient(f"{_host(url)} did not answer in time.")
            wait = retry_after(answer.headers.get("Retry-After", ""), now())
            return Answer(_host(url), answer.status_code, bytes(body), wait)

    def _wait(self, seconds: float) -> bool:
        """Wait in slices; False when it is time to stop."""
        while seconds > 0:
            if self._context.stopping():
                return False
            self._context.pause(min(seconds, _SLICE))
            seconds -= _SLICE
        return not self._context.stopping()


def _may_have_been_idle(error: Exception) -> bool:
    given_up = requests.Timeout | requests.exceptions.SSLError | requests.exceptions.ProxyError
    return isinstance(error, requests.ConnectionError) and not isinstance(error, given_up)


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or "nowhere"
    except ValueError:
        return "nowhere"


def _port(scheme: str, port: int | None) -> int | None:
    return port or {"https": 443, "http": 80}.get(scheme)
