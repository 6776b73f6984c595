"""Write the expected digests again: `python -m tests.golden.digest`, then read the difference."""

from __future__ import annotations

from pathlib import Path

from tests.golden.digest.expected import expected_files

for name, content in expected_files().items():
    (Path(__file__).parent / name).write_bytes(content)
