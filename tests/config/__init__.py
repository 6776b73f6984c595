"""The configuration file, as a specification."""
