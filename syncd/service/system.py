"""The user as whom the whole machine's service runs: made, allowed to read the configuration, and tried.

The trial runs this very program as that user, so that a home folder nobody may enter, or a file of the wrong group, is
a sentence now and not a service that fails tonight.
"""

from __future__ import annotations

import grp
import os
import stat
import subprocess
from typing import TYPE_CHECKING, Final

from syncd.errors import Exit
from syncd.service.manager import ServiceError, run
from syncd.service.units import Scope, scope_config

if TYPE_CHECKING:
    from pathlib import Path

    from syncd.service.place import Place

USER: Final = "syncd"


def is_root() -> bool:
    """Whether whoever types may change the machine."""
    return os.geteuid() == 0


def make_user() -> None:
    """Have systemd make what sysusers.d and tmpfiles.d name; raises ServiceError."""
    for words in (("systemd-sysusers", "syncd.conf"), ("systemd-tmpfiles", "--create", "syncd.conf")):
        done = run(*words)
        if done.returncode:
            raise ServiceError(f"{words[0]} failed: {done.stderr.strip()}", f"Type: sudo {' '.join(words)}")


def let_read(config: Path) -> None:
    """Let the group of the service, and no stranger, read the machine's configuration; another file stays as it is."""
    if config != scope_config(Scope.SYSTEM):
        return
    os.chown(config, -1, grp.getgrnam(USER).gr_gid)
    config.chmod((stat.S_IMODE(config.stat().st_mode) | stat.S_IRGRP) & ~stat.S_IRWXO)


def try_as_user(place: Place) -> None:
    """Check the configuration as the service will; raises ServiceError when it could not even be read."""
    words = (*place.program, "config", "check", "--quiet", "--config", str(place.config))
    try:
        done = subprocess.run(  # noqa: S603 - this very program
            words, user=USER, group=USER, extra_groups=(), cwd="/", env={}, capture_output=True, text=True, check=False
        )
    except PermissionError:
        raise ServiceError(
            f"The user {USER} may not run {place.command}.",
            "Install it for everybody, with: sudo python3 -m venv /opt/syncd && sudo /opt/syncd/bin/pip install syncd",
        ) from None
    if done.returncode != Exit.OK:
        raise ServiceError(
            f"The user {USER} cannot use {place.config}: {done.stderr.strip()}",
            f"To see it as that user does, type: sudo -u {USER} {' '.join(words)}",
        )
