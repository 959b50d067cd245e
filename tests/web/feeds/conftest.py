"""The hall is tested as the app's role, which owns nothing and is bound by row-level security."""

from as_the_app import hall, moment

__all__ = ["hall", "moment"]
