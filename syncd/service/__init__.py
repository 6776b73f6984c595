"""syncd as a service of systemd: which files, what this machine adds to them, and the words for systemd itself.

`units` knows the files, `place` what is particular to this installation, `manager` speaks to systemd; each half of
that is a fact that `syncd doctor` can ask for without changing anything.
"""

from syncd.service.manager import Manager, ServiceError
from syncd.service.place import Place, require_in_sight, survey
from syncd.service.units import DAEMON, TIMER, Scope, Standing, UnitFile, all_paths, installed, standing, unit_files

__all__ = [
    "DAEMON",
    "TIMER",
    "Manager",
    "Place",
    "Scope",
    "ServiceError",
    "Standing",
    "UnitFile",
    "all_paths",
    "installed",
    "require_in_sight",
    "standing",
    "survey",
    "unit_files",
]
