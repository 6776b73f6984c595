"""A real OAuth 2 server on this machine (npm's oidc-provider, over https) in the place of Microsoft's sign-in.

It signs whoever `as_` names in without a browser, rotates refresh tokens and revokes the sign-in when an old one comes
back, and knows devices that show a code. Its packages are installed once, into a folder beside other temporary files.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urljoin

import requests

from tests.servers.certificate import make_certificate
from tests.servers.daemon import Daemon
from tests.servers.npm import require_package

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

PACKAGE: Final = "oidc-provider@9.13.3"
_SERVER: Final = Path(__file__).with_suffix(".mjs")
_WITHIN: Final = 60.0


def require_packages() -> Path:
    """The folder with the server's packages; without node and npm the test is skipped, or fails where CI is set."""
    return require_package(PACKAGE)


class Oidc(Daemon):
    """The server, as a context; `authority` is what an account of the tests names."""

    def __init__(self, packages: Path, client_id: str) -> None:
        super().__init__("Oidc")
        self._packages = packages
        self._client_id = client_id
        self.certificate = make_certificate(self.folder)
        self.authority = f"https://localhost:{self.port}"
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.verify = str(self.certificate.chain)

    def command(self) -> Sequence[str | Path]:
        """Node, where the packages are."""
        return [
            shutil.which("node") or "node",
            _SERVER,
            self._packages,
            str(self.port),
            self.certificate.chain,
            self.certificate.key,
            self._client_id,
        ]

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._session.close()
        super().__exit__(kind, error, trace)

    def as_(self, account: str = "", *, answer: str = "accept", scopes: list[str] | None = None) -> None:
        """Who signs in next (default: whom the program hints at), what they answer ("ERROR|words"), what they grant."""
        self._tell("as", account=account, answer=answer, scopes=scopes)

    def browse(self, url: str) -> str:
        """Do what the owner's browser does with an address: follow it to wherever it ends. What is shown there."""
        return requests.get(self.redirected(url), timeout=_WITHIN).text

    def redirected(self, url: str) -> str:
        """Where the browser is sent in the end when nobody listens at this machine: what is in its address bar."""
        with requests.Session() as browser:
            browser.trust_env = False
            browser.verify = str(self.certificate.chain)
            while url.startswith(self.authority):
                answer = browser.get(url, timeout=_WITHIN, allow_redirects=False)
                url = urljoin(url, answer.headers["Location"])
        return url

    def approve(self, code: str, account: str) -> None:
        """Enter the code on another device, and sign in there."""
        self._tell("approve", code=code, account=account)

    def deny(self, code: str, error: str = "access_denied", description: str = "denied") -> None:
        """Enter the code on another device, and refuse there; or make it end with another error."""
        self._tell("deny", code=code, error=error, description=description)

    def revoke(self, account: str) -> None:
        """End every sign-in of an account."""
        self._tell("revoke", account=account)

    def let_live(self, **seconds: int) -> None:
        """How long an AccessToken, a RefreshToken, a DeviceCode lives from now on."""
        self._tell("life", **seconds)

    @property
    def counts(self) -> dict[str, int]:
        """How many tokens were given (`token`), of these by a refresh (`refreshed`), and how many `refused`."""
        return self._tell("counts")

    def _tell(self, what: str, **told: object) -> dict[str, int]:
        answer = self._session.post(f"{self.authority}/test/{what}", data=json.dumps(told), timeout=_WITHIN)
        answer.raise_for_status()
        found: dict[str, int] = answer.json()
        return found
