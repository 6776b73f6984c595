"""The background service: a thread for each account, one loop that decides when, and one digest a day."""
