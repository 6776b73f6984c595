"""A Microsoft account for tests: options that lead to this machine, and a sign-in that was made before."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from connectors._microsoft_options import MicrosoftOptions
from connectors._microsoft_tokens import SignIn
from syncd.testing import NOW, HeldTokens

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic import JsonValue

CLIENT_ID: Final = "11111111-2222-3333-4444-555555555555"
ADDRESS: Final = "d.rossi@northwind.example"
ACCESS: Final = "an access token"


def microsoft_options(graph: str | None = None, **more: str) -> MicrosoftOptions:
    """Options of an account whose data is at `graph`, and whose sign-in is nowhere unless `authority` says so."""
    wanted = {"type": "test", "address": ADDRESS, "client_id": CLIENT_ID, "authority": "https://127.0.0.1:1", **more}
    return MicrosoftOptions.model_validate({**wanted, "graph": graph})


def signed_in(
    options: MicrosoftOptions, *scopes: str, access: str = ACCESS, expires: datetime = NOW + timedelta(days=300)
) -> HeldTokens:
    """The tokens of somebody who signed in, and whose access token holds until `expires`; there is no other."""
    return HeldTokens(sign_in(options, *scopes, access=access, expires=expires).model_dump_json())


def sign_in(
    options: MicrosoftOptions,
    *scopes: str,
    access: str = ACCESS,
    expires: datetime = NOW + timedelta(days=300),
    cache: Mapping[str, dict[str, dict[str, JsonValue]]] | None = None,
) -> SignIn:
    """What `syncd auth` leaves behind."""
    return SignIn(
        client_id=options.client_id,
        authority=options.sign_in_at,
        scopes=scopes,
        address=options.address,
        username=options.user,
        home_account_id="somebody.somewhere",
        signed_in=NOW - timedelta(days=1),
        cache=dict(cache or {}),
        access=access,
        expires=expires,
    )
