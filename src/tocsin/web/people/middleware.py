"""Each request acts in the database for its member and for nobody else."""

from collections.abc import Callable
from uuid import UUID

from django.contrib.auth import SESSION_KEY
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse

from tocsin.web.record.acting import TOCSIN, act_as

SIGNING_IN = (
    "/account/login/", "/account/2fa/authenticate/", "/account/2fa/webauthn/login/", "/account/oidc/", "/account/3rdparty/login/",
)  # fmt: skip
"""Pages of the sign-in library on which somebody is found by what they bring before it is known who they are: there Tocsin itself acts."""


class Acting:
    """Tells the database who acts, and takes it back when the request is over, so that no request inherits another's sight.

    It comes before whatever looks at the member: with the number from the session the member's own row can be read, and no other.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        who = _who(request)
        if who is None:
            return self.get_response(request)
        act_as(who)
        try:
            if isinstance(who, UUID) and not request.user.is_authenticated:
                # left, erased, or signed out everywhere by a new password
                act_as(None)
            return self.get_response(request)
        finally:
            try:
                act_as(None)
            except DatabaseError:
                # a connection of which one cannot be sure is not used again
                connection.close()


def _who(request: HttpRequest) -> UUID | str | None:
    try:
        return UUID(request.session[SESSION_KEY])
    except (KeyError, ValueError):
        pass
    if raiser := request.session.get("raiser"):
        return f"raiser:{raiser}"
    return TOCSIN if request.path.startswith(SIGNING_IN) else None
