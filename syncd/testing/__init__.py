"""The conformance suite every connector passes: subclass `ConnectorContract`, give it a `remote`, run pytest.

Needs pytest (`pip install "syncd[testing]"`); never imported by the program.
"""

from syncd.testing.contract import ConnectorContract
from syncd.testing.surroundings import NOW, HeldTokens, Remote, cannot, context

__all__ = ["NOW", "ConnectorContract", "HeldTokens", "Remote", "cannot", "context"]
