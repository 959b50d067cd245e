"""Sessions in the database, which nobody reads by looking: whoever brings a session's key is shown that one."""

from django.contrib.sessions.backends import db
from django.contrib.sessions.models import Session
from django.utils import timezone

from tocsin.web.record.acting import TOCSIN, acting_as


class SessionStore(db.SessionStore):
    """As Django's own, where row-level security gives the table to Tocsin itself."""

    def _get_session_from_db(self) -> Session | None:
        found = _by_key(self.session_key)
        if found is not None and found.expire_date > timezone.now():
            return found
        self._session_key = None
        return None

    def exists(self, session_key: str) -> bool:
        return _by_key(session_key) is not None

    def save(self, must_create: bool = False) -> None:
        with acting_as(TOCSIN):
            super().save(must_create)

    def delete(self, session_key: str | None = None) -> None:
        with acting_as(TOCSIN):
            super().delete(session_key)

    @classmethod
    def clear_expired(cls) -> None:
        with acting_as(TOCSIN):
            super().clear_expired()


def _by_key(key: str | None) -> Session | None:
    return next(iter(Session.objects.raw("SELECT * FROM people_session(%s)", [key])), None) if key else None
