"""Where `syncd` and `python -m syncd` begin: the command line takes a moment to load, and Ctrl-C may come in it."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line. Ends the process with its exit code."""
    try:
        from syncd.cli import main as command_line  # noqa: PLC0415 - what may be interrupted
    except KeyboardInterrupt:
        sys.exit(130)
    command_line()


if __name__ == "__main__":
    main()
