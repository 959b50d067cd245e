"""The embedded PostgreSQL: started when no DATABASE_URL names a server. Roles with passwords, a socket of its own, no network."""

from tocsin.postgres.server import PostgresError, Server, empty, ensure, status, stop

__all__ = ["PostgresError", "Server", "empty", "ensure", "status", "stop"]
