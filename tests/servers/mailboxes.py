"""Mail in quantity for Dovecot: whole mboxes at once, which is a hundred times faster than APPEND."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from tests.servers.dovecot import Dovecot


def import_mboxes(server: Dovecot, user: str, boxes: Path) -> None:
    """Put the mboxes of a folder into the folders of those names; `boxes` lies where the server's user may go.

    Dovecot reads and writes beside them as the user that mail belongs to, so they become that user's.
    """
    if os.geteuid() == 0:
        for path in (boxes, *boxes.iterdir()):
            shutil.chown(path, "nobody")
    source = f"mbox:{boxes}:INBOX={boxes}/INBOX"
    subprocess.run(server.doveadm("import", "-u", user, source, "", "ALL"), check=True)  # noqa: S603 - Dovecot's own
