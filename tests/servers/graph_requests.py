"""What is asked of the double of Graph, how it refuses, and the links with which it leads from page to page.

Links are opaque to a client: the double knows every one it handed out, and complains about any it did not.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl, unquote, unquote_plus, urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tests.servers.graph_contract import Resource

MOST_PER_PAGE: Final = 1000


@dataclass(frozen=True, slots=True)
class Asked:
    """A request: `path` below /v1.0 in its segments, `target` as it was sent, Prefer taken apart (names lower case)."""

    method: str
    target: str
    path: tuple[str, ...]
    params: Mapping[str, str]
    prefer: Mapping[str, str]
    headers: Mapping[str, str]

    @classmethod
    def of(cls, method: str, target: str, headers: Mapping[str, str]) -> Asked:
        """The request in the words of HTTP, taken apart; names of headers come in lower case."""
        parts = urlsplit(target)
        path = tuple(unquote(part) for part in parts.path.removeprefix("/v1.0").split("/") if part)
        params = dict(parse_qsl(parts.query, keep_blank_values=True))
        prefer = {}
        for part in headers.get("prefer", "").split(","):
            name, _, value = part.strip().partition("=")
            if name:
                prefer[name.lower()] = value.strip('"')
        return cls(method, target, path, params, prefer, headers)

    @property
    def continues(self) -> bool:
        """Whether it follows a link that was handed out."""
        return "$skiptoken" in self.params or "$deltatoken" in self.params

    def page_size(self, default: int) -> int:
        """How many resources a page of the answer holds: $top, else Prefer: odata.maxpagesize."""
        asked = self.params.get("$top") or self.prefer.get("odata.maxpagesize") or str(default)
        if not asked.isdecimal() or not 0 < int(asked) <= MOST_PER_PAGE:
            raise Refused(400, "ErrorInvalidUrlQueryFilter", f"Invalid page size: {asked}.")
        return int(asked)


class Refused(Exception):
    """An answer that is an error, as Graph writes it."""

    def __init__(self, status: int, code: str, message: str = "", headers: Mapping[str, str] | None = None) -> None:
        super().__init__(code)
        self.status = status
        self.headers = dict(headers or {})
        self.body: Resource = {
            "error": {
                "code": code,
                "message": message or code,
                "innerError": {"date": "2026-03-04T09:30:00", "request-id": "00000000-0000-0000-0000-000000000000"},
            }
        }


@dataclass(frozen=True, slots=True)
class Rest:
    """Where a nextLink leads: what is left of a round of delta, and what its deltaLink will stand for."""

    resources: Sequence[Resource]
    closing: object


@dataclass(frozen=True, slots=True)
class From:
    """Where a nextLink of a plain listing leads: so many resources into it, as it is by then."""

    offset: int
    params: Mapping[str, str]


@dataclass(slots=True)
class _Link:
    target: str
    state: object
    prefer: Mapping[str, str]


class Links:
    """Every link that was handed out, by its token; with what has to go wrong with them.

    `host` replaces our own in every link; `empty` puts so many pages without a resource before each page of a round.
    """

    def __init__(self, root: Callable[[], str], complain: Callable[[str], None]) -> None:
        self._root = root
        self._complain = complain
        self._links: dict[str, _Link] = {}
        self._dead: set[str] = set()
        self._death: tuple[int, str] = (410, "SyncStateNotFound")
        self.host: str | None = None
        self.empty = 0
        self._to_stay_empty: dict[str, int] = {}

    def expire(self, status: int, code: str) -> None:
        """No link handed out so far is honoured from now on; it is refused like this (410 with a Location)."""
        self._dead.update(self._links)
        self._death = (status, code)

    def issue(self, asked: Asked, path: str, name: str, state: object) -> str:
        """A link to `path` whose parameter `name` stands for `state`."""
        token = f"{name.strip('$')[:2]}-{len(self._links):06d}"
        target = f"/v1.0/{path}?{name}={token}"
        self._links[token] = _Link(target, state, asked.prefer)
        return f"{self.host or self._root()}{target}"

    def open(self, asked: Asked) -> object:
        """What the token of a request stands for. Raises Refused when it is dead, complains when it was bent."""
        token = asked.params.get("$skiptoken") or asked.params.get("$deltatoken") or ""
        link = self._links.get(token)
        if link is None:
            raise _badly_formed()
        if token in self._dead:
            status, code = self._death
            afresh = f"{self._root()}{link.target.partition('?')[0]}"
            raise Refused(status, code, "Sync state was not found.", {"Location": afresh} if status == 410 else {})
        if asked.target != link.target:
            self._complain(f"a link was not called as it was given: {asked.target}")
        if asked.prefer != link.prefer:
            self._complain(f"a link was called with another Prefer than its first page: {asked.target}")
        return link.state

    def place(self, asked: Asked) -> From:
        """Where in a plain listing a request is. Raises Refused when its token is for something else."""
        state = self.open(asked) if asked.continues else From(0, asked.params)
        if not isinstance(state, From):
            raise _badly_formed()
        return state

    def round(self, asked: Asked, path: str, rest: object, default: int) -> Resource:
        """One page of a round of delta: its first resources, and a link to the others or to the next round.

        Raises Refused when `rest` is no round, because the token was for something else.
        """
        if not isinstance(rest, Rest):
            raise _badly_formed()
        size = asked.page_size(default)
        if self.empty and not self._has_been_empty(asked):
            return {"value": [], "@odata.nextLink": self.issue(asked, path, "$skiptoken", rest)}
        now, later = rest.resources[:size], rest.resources[size:]
        if later:
            return {
                "value": list(now),
                "@odata.nextLink": self.issue(asked, path, "$skiptoken", Rest(later, rest.closing)),
            }
        return {"value": list(now), "@odata.deltaLink": self.issue(asked, path, "$deltatoken", rest.closing)}

    def listing(self, asked: Asked, path: str, resources: Sequence[Resource], place: From, default: int) -> Resource:
        """One page of a plain listing, with a link to the next while there is one."""
        size = asked.page_size(default) if not asked.continues else int(place.params["size"])
        end = place.offset + size
        page: Resource = {"value": list(resources[place.offset : end])}
        if end < len(resources):
            following = From(end, {**place.params, "size": str(size)})
            page["@odata.nextLink"] = self.issue(asked, path, "$skiptoken", following)
        return page

    def _has_been_empty(self, asked: Asked) -> bool:
        """Whether the empty pages before this one were served."""
        token = asked.params.get("$skiptoken", "")
        left = self._to_stay_empty.pop(token, self.empty)
        if left:
            self._to_stay_empty[f"sk-{len(self._links):06d}"] = left - 1
        return not left


@dataclass(slots=True)
class Fault:
    """An answer that replaces the real one, for requests whose target holds `part`; so many `times`.

    `silent` never answers; `page` is sent as HTML with 200; else `status` and `code` as Graph writes an error.
    """

    part: str
    status: int = 0
    code: str = ""
    retry_after: str | None = None
    times: int = 1
    silent: bool = False
    page: bytes = b""
    after: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)

    def strikes(self, target: str) -> bool:
        """Whether this request meets it; counts."""
        if self.part not in unquote_plus(target) or self.times <= 0:
            return False
        if self.after > 0:
            self.after -= 1
            return False
        self.times -= 1
        return True


def chosen(resource: Resource, params: Mapping[str, str]) -> Resource:
    """What $select leaves of a resource."""
    if "$select" not in params:
        return resource
    wanted = {"id", "@odata.type", "@odata.etag", *params["$select"].split(",")}
    return {name: value for name, value in resource.items() if name in wanted}


def _badly_formed() -> Refused:
    return Refused(400, "ErrorInvalidUrlQuery", "Badly formed token.")
