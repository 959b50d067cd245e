"""Only in a demo: who does what in the stories that are played before its first morning."""

from collections.abc import Callable

from tocsin.web.concerns import actions
from tocsin.web.concerns.models import Concern, Owed
from tocsin.web.people.bodies import bodies_for
from tocsin.web.people.models import Body, Member, Provider, Role
from tocsin.web.record.acting import TOCSIN, acting_as


def _lead(provider: Provider, kind: str) -> Member:
    """Somebody who acts for the body of this kind that answers for the provider."""
    with acting_as(TOCSIN):
        body = bodies_for(provider)[kind]
        return Member.objects.filter(demo=True, membership__body=body, membership__role=Role.LEAD)[0]


def _body(provider: Provider, kind: str) -> Body:
    with acting_as(TOCSIN):
        return bodies_for(provider)[kind]


def as_(provider: Provider, kind: str, do: Callable[..., object], **given: object) -> None:
    """One action, done by somebody who acts for the body of this kind."""
    by = _lead(provider, kind)
    with acting_as(by.pk):
        do(by=by, **given)


def raised(provider: Provider, by: str, kind: str, title: str, words: str) -> int:
    lead, body = _lead(provider, by), _body(provider, by)
    with acting_as(lead.pk):
        return actions.raise_concern(provider=provider, kind=kind, title=title, words=words, by=lead, body=body).pk


def now_of(number: int) -> Concern:
    with acting_as(TOCSIN):
        return Concern.objects.select_related("provider", "map", "holder").get(pk=number)


def all_done(provider: Provider, number: int, words: str) -> None:
    """Every other body does what it owes."""
    with acting_as(TOCSIN):
        owing = sorted(set(Owed.objects.filter(concern=number, done=None).values_list("kind", flat=True)) - {now_of(number).holder_kind})
    for kind in owing:
        as_(provider, kind, actions.obligation_done, concern=number, words=words)
