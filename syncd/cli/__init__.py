"""The command line: a family of commands per file, no logic of its own."""
