"""Each request acts in the database for its member and for nobody else."""

from collections.abc import Callable

from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse

from tocsin.web.record.acting import act_as


class Acting:
    """Tells the database who acts, and takes it back when the request is over, so that no request inherits another's sight."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        who = None
        if request.user.is_authenticated:
            who = str(request.user.pk)
        elif raiser := request.session.get("raiser"):
            who = f"raiser:{raiser}"
        if who is None:
            return self.get_response(request)
        act_as(who)
        try:
            return self.get_response(request)
        finally:
            try:
                act_as(None)
            except DatabaseError:
                # a connection of which one cannot be sure is not used again
                connection.close()
