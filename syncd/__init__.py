"""syncd watches mail and calendars and says which relationships are going quiet.

Edges report facts, a pure pipeline draws conclusions, one store keeps both: see
docs/architecture.md ("to change X, start here").
"""

__version__ = "0.1.0"
