"""Who calls: a token acts in the database for its member, and in the hall for its body alone."""

from django.http import HttpRequest
from ninja.security import HttpBearer

from tocsin.web.people.actions import member_of
from tocsin.web.people.models import Body, Member
from tocsin.web.record.acting import act_as


class Token(HttpBearer):
    """A token of one scope."""

    def __init__(self, scope: str) -> None:
        super().__init__()
        self.scope = scope

    def authenticate(self, request: HttpRequest, token: str) -> tuple[Member, Body] | None:
        if not token.isascii() or len(token) > 200:
            return None
        found = member_of(token, self.scope)
        if found is not None:
            # taken back by web.api.middleware when the request is over
            act_as(found[0].pk)
        return found


READ, RAISE, ACT = Token("read"), Token("raise"), Token("act")


def who(request: HttpRequest) -> tuple[Member, Body]:
    """The member and the body for which a call was let in."""
    found: tuple[Member, Body] = request.auth  # type: ignore[attr-defined]
    return found
