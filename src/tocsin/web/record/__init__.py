"""The record: an append-only, hash-chained ledger. Every change of state is an entry, and the database refuses to change one."""
