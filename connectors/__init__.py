"""The sources syncd can read: one file per source, each a stranger to the others.

Shared parsing stands in the underscored files. A connector sees `syncd.connector`,
`syncd.model` and `syncd.errors`, and is found through the entry points `syncd.connectors`.
"""
