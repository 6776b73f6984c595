"""`syncd auth` at Microsoft: through the browser of this machine, or with a code entered on another device.

Nothing is kept before it is certain that the right account signed in and granted what is needed.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from connectors._microsoft_options import PERSONAL_TENANT
from connectors._microsoft_scopes import what_it_sees
from connectors._oauth import Denied, Loopback, answer_of
from syncd.errors import AuthRequired, Transient

if TYPE_CHECKING:
    from connectors._microsoft_msal import Claims, Client, DeviceFlow, Result
    from connectors._microsoft_options import MicrosoftOptions
    from connectors._microsoft_tokens import Keeper
    from syncd.connector import Context, Desk

_SLICE: Final = 1.0
_SLOWEST: Final = 60
_PENDING: Final = frozenset({"authorization_pending", "slow_down"})

_WHERE_TO_REMOVE: Final = (
    "Microsoft lets no program do this for you: to take the permission back as well, remove syncd at "
    "https://account.live.com/consent/Manage (personal account) or https://myapps.microsoft.com (work or school)."
)


def sign_in(
    options: MicrosoftOptions,
    context: Context,
    scopes: tuple[str, ...],
    keeper: Keeper,
    desk: Desk,
    *,
    device: bool,
) -> tuple[str, ...]:
    """Lead the owner through it and keep the sign-in. See `SignsIn.sign_in`."""
    try:
        flow = _Flow(options, context, scopes, keeper.client, desk)
        result = flow.with_code() if device else flow.in_browser()
    except Transient as error:
        error.hint = error.hint or f"Nothing was kept; to try again, type: syncd auth {context.account}"
        raise
    if "access_token" not in result:
        raise keeper.client.refusal(result)
    flow.require_scopes(result)
    claims = result.get("id_token_claims", {})
    name, remark = _who(claims, options, context.account)
    keeper.write(result, name)
    return (f"Signed in as {name}.", *remark, *what_it_sees(scopes, subjects=context.subjects))


def state(context: Context, keeper: Keeper) -> tuple[str, ...]:
    """What is known of the sign-in; Microsoft is asked, and only when it is out of reach that is said instead."""
    kept = keeper.read()
    known = f"Signed in as {kept.username} since {kept.signed_in:%Y-%m-%d}."
    try:
        keeper.renew()
    except Transient as error:
        return (known, f"Whether it still holds could not be asked now: {error.title}")
    return (known, "Microsoft accepts it.", *what_it_sees(kept.scopes, subjects=context.subjects))


def sign_out(context: Context) -> tuple[str, ...]:
    """Forget it. Microsoft has no way to revoke the sign-in of a public client."""
    with context.tokens.locked():
        signed_in = context.tokens.read() is not None
        context.tokens.erase()
    first = "The sign-in is forgotten." if signed_in else "Nobody was signed in."
    return (first, _WHERE_TO_REMOVE)


class _Flow:
    """One sign-in, on its way."""

    def __init__(
        self, options: MicrosoftOptions, context: Context, scopes: tuple[str, ...], client: Client, desk: Desk
    ) -> None:
        self._options = options
        self._context = context
        self._scopes = scopes
        self._client = client
        self._desk = desk

    def in_browser(self) -> Result:
        """The authorization code flow with PKCE, redirected to this machine (RFC 8252 section 7.3, RFC 7636)."""
        self._desk.say(f"Sign in as {self._options.user}.")
        with Loopback(host_name="localhost") as loopback:
            flow = self._client.begin(loopback.redirect_uri.rstrip("/"), self._options.user)
            try:
                url = loopback.wait(self._desk, self._context, flow["auth_uri"], state=flow["state"])
            except Denied as error:
                raise self._client.refusal({"error": error.error, "error_description": error.title}) from error
        return self._client.finish(flow, answer_of(url))

    def with_code(self) -> Result:
        """The device authorization flow (RFC 8628): one question every few seconds, until the code has run out."""
        flow = self._client.begin_with_code()
        until = self._context.now() + timedelta(seconds=flow["expires_in"])
        self._desk.say(
            f"On any device, open {flow['verification_uri']}\nEnter the code {flow['user_code']}\n"
            f"Sign in as {self._options.user}. Waiting until {until.astimezone(self._context.time_zone):%H:%M}."
        )
        wait = flow["interval"]
        while self._context.now() < until:
            self._wait(wait)
            result, wait = self._asked(flow, wait)
            if result.get("error") not in _PENDING:
                return result
        return {"error": "expired_token"}

    def require_scopes(self, result: Result) -> None:
        """Raises AuthRequired when less was granted than asked for (RFC 6749 section 5.1: silence grants all)."""
        granted = {scope.rpartition("/")[2].lower() for scope in result.get("scope", "").split()}
        missing = [name for name in self._scopes if granted and name.lower() not in granted]
        if missing:
            raise AuthRequired(
                f"Microsoft did not grant {' and '.join(missing)}; nothing was kept.",
                f"Type: syncd auth {self._context.account}\nand accept everything the page lists.",
            )

    def _asked(self, flow: DeviceFlow, wait: int) -> tuple[Result, int]:
        """The answer of now, and how long to wait for the next; an outage slows down, and does not end it."""
        try:
            return self._client.ask_once(flow), flow["interval"]
        except Transient as error:
            self._context.log.debug("account %s: %s", self._context.account, error.title)
            return {"error": "authorization_pending"}, min(wait * 2, _SLOWEST)

    def _wait(self, seconds: float) -> None:
        while seconds > 0:
            if self._context.stopping():
                raise Transient("syncd stopped before anybody had signed in.", "Nothing was kept.")
            self._context.pause(min(seconds, _SLICE))
            seconds -= _SLICE


def _who(claims: Claims, options: MicrosoftOptions, account: str) -> tuple[str, tuple[str, ...]]:
    """Who signed in, with a remark when that is not quite what the options say.

    Organisations often sign people in under another name than their mail address, in the same domain or in the one
    Microsoft gave them; that is said and accepted. Any other name is somebody else, until the options name it.
    """
    names = [name for name in (claims.get("preferred_username"), claims.get("upn"), claims.get("email")) if name]
    wanted = {options.address.casefold(), options.user.casefold()}
    for name in names:
        if name.casefold() in wanted:
            return name, ()
    if not names:
        return options.user, ("Microsoft did not say who it was.",)
    name = names[0]
    if claims.get("tid") != PERSONAL_TENANT and _is_alias(name, options):
        return name, (f"That is the name the organisation gives to {options.address}; if not, sign in again.",)
    raise AuthRequired(
        f"{name} signed in, and the account {account} is for {options.address}; nothing was kept.",
        f"Choose the other account in the browser, or a private window, and type: syncd auth {account}\n"
        f'If both are you, add username = "{name}" to accounts.{account} first.',
    )


def _is_alias(name: str, options: MicrosoftOptions) -> bool:
    domain = name.casefold().rpartition("@")[2]
    return domain == options.address.casefold().rpartition("@")[2] or domain.endswith(".onmicrosoft.com")
