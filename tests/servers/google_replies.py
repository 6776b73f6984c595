"""What Google's doubles say and are asked: calls, answers, refusals in the words of the real servers, opaque tokens.

Also the `fields` mask of a partial response (developers.google.com/workspace/gmail/api/guides/performance).
"""

from __future__ import annotations

import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

REALM = 'Bearer realm="https://accounts.google.com/"'


@dataclass(frozen=True, slots=True)
class Call:
    """One call of an API method: the names of its path filled in, its query, and who calls with which scopes."""

    method: str
    parts: Mapping[str, str]
    query: Mapping[str, Sequence[str]]
    account: str
    scopes: frozenset[str]

    def text(self, name: str, default: str = "") -> str:
        """A parameter that is given once."""
        return self.query.get(name, (default,))[0]

    def number(self, name: str, default: int, most: int) -> int:
        """A number; more than the server allows is quietly the most it allows. Refuses what is none."""
        value = self.text(name, str(default))
        if not re.fullmatch(r"\d{1,9}", value) or not int(value):
            raise Refusal(400, "invalid", f"Invalid value '{value}'.", location=name)
        return min(int(value), most)

    def flag(self, name: str) -> bool:
        """A boolean, false when it is not given."""
        return self.text(name) == "true"

    def texts(self, name: str) -> Sequence[str]:
        """A repeated parameter."""
        return self.query.get(name, ())


@dataclass(frozen=True, slots=True)
class Answer:
    """A body; `judged` is what the contract must fit, when records were broken on purpose (None: nothing)."""

    body: Mapping[str, object]
    judged: Mapping[str, object] | None

    @classmethod
    def honest(cls, body: Mapping[str, object]) -> Answer:
        """Nothing in it is broken on purpose."""
        return cls(body, body)


@dataclass(slots=True)
class Refusal(Exception):
    """The server says no, in its own words."""

    status: int
    reason: str
    message: str
    domain: str = "global"
    location: str = ""
    location_type: str = "parameter"
    status_name: str = ""
    details: Sequence[Mapping[str, object]] = ()
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def body(self) -> Mapping[str, object]:
        """The error as JSON: the newer form with the older list of errors in it, as both APIs answer."""
        inner: dict[str, object] = {"message": self.message, "domain": self.domain, "reason": self.reason}
        if self.location:
            inner |= {"locationType": self.location_type, "location": self.location}
        error: dict[str, object] = {"code": self.status, "message": self.message, "errors": [inner]}
        if self.status_name:
            error["status"] = self.status_name
        if self.details:
            error["details"] = list(self.details)
        return {"error": error}


def rate_limited(status: int, retry_after: str = "") -> Refusal:
    """Too much in a minute: 429 without a domain of its own, 403 in the words of the quota."""
    headers = {"Retry-After": retry_after} if retry_after else {}
    if status == 429:
        message = "Resource has been exhausted (e.g. check quota)."
        return Refusal(429, "rateLimitExceeded", message, status_name="RESOURCE_EXHAUSTED", headers=headers)
    message = (
        "Quota exceeded for quota metric 'Queries' and limit 'Queries per minute per user' of service "
        "'gmail.googleapis.com' for consumer 'project_number:123456789012'."
    )
    info = {
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "reason": "RATE_LIMIT_EXCEEDED",
        "domain": "googleapis.com",
        "metadata": {"quota_limit": "defaultPerMinutePerUser", "service": "gmail.googleapis.com"},
    }
    return Refusal(
        403,
        "rateLimitExceeded",
        message,
        domain="usageLimits",
        status_name="PERMISSION_DENIED",
        details=(info,),
        headers=headers,
    )


def unauthenticated(*, presented: bool) -> Refusal:
    """No token, or one that is not, or no longer, good."""
    message = "Request had invalid authentication credentials." if presented else "Login Required."
    return Refusal(
        401,
        "authError" if presented else "required",
        message + " Expected OAuth 2 access token, login cookie or other valid authentication credential.",
        location="Authorization",
        location_type="header",
        status_name="UNAUTHENTICATED",
        headers={"WWW-Authenticate": f'{REALM}, error="invalid_token"' if presented else REALM},
    )


def insufficient(scopes: frozenset[str]) -> Refusal:
    """The token is good, but not for this."""
    info = {
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "reason": "ACCESS_TOKEN_SCOPE_INSUFFICIENT",
        "domain": "googleapis.com",
    }
    wanted = " ".join(sorted(scopes))
    return Refusal(
        403,
        "insufficientPermissions",
        "Request had insufficient authentication scopes.",
        status_name="PERMISSION_DENIED",
        details=(info,),
        headers={"WWW-Authenticate": f'{REALM}, error="insufficient_scope", scope="{wanted}"'},
    )


def not_found(message: str = "Requested entity was not found.") -> Refusal:
    """There is no such thing, or no longer."""
    return Refusal(404, "notFound", message, status_name="NOT_FOUND")


def seal(*values: str | int) -> str:
    """An opaque token of these values."""
    return urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")


def unseal(token: str) -> tuple[str | int, ...]:
    """The values of an opaque token; empty when it is none of ours."""
    try:
        values = json.loads(urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    except (NotBase64, ValueError):
        return ()
    return tuple(values) if isinstance(values, list) else ()


Mask = dict[str, "Mask"]


def parse_mask(text: str) -> Mask:
    """`a,b(c,d),e/f` as a tree. Refuses what is no mask."""
    tokens = re.findall(r"[\w*.\-]+|[(),/]", text)
    if "".join(tokens) != re.sub(r"\s", "", text):
        raise Refusal(400, "invalidParameter", f"Invalid field selection {text}", location="fields")
    mask, left = _mask(tokens)
    if left:
        raise Refusal(400, "invalidParameter", f"Invalid field selection {text}", location="fields")
    return mask


def _mask(tokens: list[str]) -> tuple[Mask, list[str]]:
    mask: Mask = {}
    while tokens and tokens[0] != ")":
        name, *tokens = tokens
        path = mask.setdefault(name, {})
        while tokens[:1] == ["/"]:
            path = path.setdefault(tokens[1], {})
            tokens = tokens[2:]
        if tokens[:1] == ["("]:
            inner, tokens = _mask(tokens[1:])
            path.update(inner)
            tokens = tokens[1:]
        if tokens[:1] == [","]:
            tokens = tokens[1:]
    return mask, tokens


def masked(body: object, mask: Mask) -> object:
    """Only the fields the mask names; an empty mask is everything."""
    if not mask:
        return body
    if isinstance(body, list):
        return [masked(item, mask) for item in body]
    if not isinstance(body, dict):
        return body
    return {
        name: masked(value, mask.get(name, mask.get("*", {})))
        for name, value in body.items()
        if name in mask or "*" in mask
    }


def nothing() -> None:
    """What happens between two pages when a test wants nothing to happen."""
