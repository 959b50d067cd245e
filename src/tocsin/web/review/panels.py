"""What may happen to a panel: it is made, people are seated, they declare what binds them, cases are given out."""

import secrets
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from tocsin.review import scales
from tocsin.web.people.models import Body, Member, Provider
from tocsin.web.record.acting import TOCSIN, acting_as
from tocsin.web.record.moment import now
from tocsin.web.review.doing import Invalid, PanelDoing, begin, begin_panel, leads, needed, not_twice
from tocsin.web.review.models import Assignment, Case, Panel, Sampling, Seat, SeatRole, Tie
from tocsin.web.review.permissions import Act, NotPermitted, PanelAct

TIES = {"employer": "Works or worked there", "own-care": "Own care", "interest": "Another interest"}


@transaction.atomic
def make_panel(
    *, body: Body, name: str, purpose: str, scale: str, graders: int, sampling: str, by: Member, seed: int | None = None,
    request: UUID | None = None,
) -> Panel:  # fmt: skip
    """Somebody who acts for a body makes a panel, and convenes it. seed: drawn if not given; it is recorded. Raises Invalid, NotPermitted."""
    if not leads(body, by):
        raise NotPermitted("Only somebody who acts for a body makes a panel for it.")
    not_twice(request)
    name = needed("name", name, "Give the panel a name.", 200)
    if scale not in scales():
        raise Invalid("scale", "Choose the scale on which the panel grades.")
    if sampling not in Sampling.values:
        raise Invalid("sampling", "Say how the cases come to the panel.")
    if not 2 <= graders <= 9:
        raise Invalid("graders", "Two to nine people grade each case.")
    at = now()
    made = Panel.objects.create(
        name=name, purpose=purpose.strip()[:5000], body=body, made_by=by, made=at, scale=scale, graders=graders,
        seed=secrets.randbelow(2**31) if seed is None else seed, sampling=sampling,
    )  # fmt: skip
    doing = PanelDoing(made, PanelAct.MADE, at, by, request)
    doing.tell(name=name, scale=scale, graders=graders, seed=made.seed, sampling=sampling)
    Seat.objects.create(panel=made, member=by, role=SeatRole.CONVENER, began=at)
    return made


@transaction.atomic
def seat(*, panel: int, email: str, role: str, craft: str, by: Member, request: UUID | None = None) -> Seat:
    """The convener seats a member. They grade nothing before they have declared what binds them."""
    doing = begin_panel(panel, PanelAct.SEATED, by, request=request)
    if role not in SeatRole.values:
        raise Invalid("role", "Choose what they do in the panel.")
    with acting_as(TOCSIN):
        # addresses are shown to nobody; who knows one may seat its owner
        found = Member.objects.filter(email=email.strip().lower(), is_active=True).first()
    if found is None:
        raise Invalid("email", "There is no member with this e-mail address. An administrator of a body invites people on the body's page.")
    if Seat.objects.filter(panel=doing.panel, member=found, role=role, ended=None).exists():
        raise Invalid("email", "They sit in this panel already.")
    doing.tell(member=str(found.pk), role=role, craft=craft.strip()[:60])
    return Seat.objects.create(panel=doing.panel, member=found, role=role, craft=craft.strip()[:60], began=doing.at)


@transaction.atomic
def unseat(*, seat: int, why: str, by: Member, request: UUID | None = None) -> None:
    """A seat ends; what the person has graded for good is kept, and cases that they had not graded go to others."""
    found = Seat.objects.filter(pk=seat, ended=None).first()
    if found is None:
        raise Invalid("", "That seat has ended already.")
    doing = begin_panel(found.panel_id, PanelAct.UNSEATED, by, request=request)
    why = needed("why", why, "Say why.", 500)
    others = Seat.objects.filter(panel=doing.panel, role=SeatRole.CONVENER, ended=None).exclude(pk=found.pk)
    if found.role == SeatRole.CONVENER and not others.exists():
        raise Invalid("", "A panel keeps somebody who convenes it. Seat another one first.")
    doing.tell(member=str(found.member_id), role=found.role, why=why)
    for given in Assignment.objects.filter(seat=found, final=None, withdrawn=None).select_related("case"):
        _withdraw(given, f"The seat ended: {why}", by)
    found.ended = doing.at
    found.save()


@transaction.atomic
def declare(*, panel: int, ties: list[dict[str, str]], by: Member, request: UUID | None = None) -> None:
    """Somebody who sits in a panel says what binds them, and that this is all.

    ties: [{kind, provider, words}]. They hold in every panel, and a case of such a provider is never shown to them. Those declared before stay.
    """
    doing = begin_panel(panel, PanelAct.DECLARED, by, request=request)
    known = {p.code: p for p in Provider.objects.filter(pk__in=[t["provider"] for t in ties])}
    for tie in ties:
        if tie["kind"] not in TIES:
            raise Invalid("kind", "Choose what binds you.")
        if tie["provider"] not in known:
            raise Invalid("provider", "Choose the provider.")
    seats = list(Seat.objects.filter(panel=doing.panel, member=by, ended=None))
    before = {(t.kind, t.provider_id) for t in Tie.objects.filter(member=by, ended=None)}
    fresh = [t for t in ties if (t["kind"], t["provider"]) not in before]
    doing.tell(ties=[{"kind": t["kind"], "provider": t["provider"]} for t in fresh])
    for own in seats:
        own.declared = doing.at
        own.save()
    for t in fresh:
        Tie.objects.create(member=by, kind=t["kind"], provider=known[t["provider"]], words=t["words"].strip()[:500], began=doing.at)
    _step_back(by, frozenset(known), doing)


def _step_back(by: Member, providers: frozenset[str], doing: PanelDoing) -> None:
    """Cases that were given to somebody before they declared a tie go to others."""
    with acting_as(TOCSIN):
        given = Assignment.objects.filter(seat__member=by, withdrawn=None, final=None, case__agreed=None).select_related("case")
        tied = [g for g in given if providers & {g.case.provider_id, *g.case.also}]
        for g in tied:
            begin(g.case_id, Act.WITHDRAWN, None).tell(assignment=str(g.pk), why="A tie was declared")
            g.withdrawn, g.why = doing.at, "A tie was declared"
            g.save()


@transaction.atomic
def lift_tie(*, panel: int, tie: int, why: str, by: Member, request: UUID | None = None) -> None:
    """A convener lifts a tie that somebody else declared by mistake, with the reason."""
    doing = begin_panel(panel, PanelAct.TIE_LIFTED, by, request=request)
    found = Tie.objects.filter(pk=tie, ended=None, member__review_seats__panel=doing.panel).first()
    if found is None or found.member_id == by.pk:
        raise NotPermitted("Somebody other than the one who is tied lifts a tie.")
    doing.tell(member=str(found.member_id), tie=found.pk, why=needed("why", why, "Say why it was a mistake.", 500))
    found.ended = doing.at
    found.save()


@transaction.atomic
def withdraw(*, assignment: UUID, why: str, by: Member, **given: Any) -> None:
    """The convener takes a case back from a reviewer who has not graded it for good."""
    found = Assignment.objects.filter(pk=assignment, withdrawn=None).select_related("case").first()
    if found is None or found.final:
        raise Invalid("", "That grading is final, and is kept.")
    _withdraw(found, needed("why", why, "Say why.", 500), by, **given)


def _withdraw(found: Assignment, why: str, by: Member, **given: Any) -> None:
    doing = begin(found.case_id, Act.WITHDRAWN, by, **given)
    doing.tell(assignment=str(found.pk), why=why)
    found.withdrawn, found.why = doing.at, why[:500]
    found.save()
    doing.keep()


@transaction.atomic
def recuse(*, case: int, kind: str, why: str, by: Member, **given: Any) -> None:
    """A reviewer finds that a case binds them (they took part in the care, they know the family): it is taken from them and never shown again."""
    doing = begin(case, Act.RECUSED, by, **given)
    if kind not in TIES:
        raise Invalid("kind", "Choose what binds you.")
    why = needed("why", why, "Say in a few words what binds you to this case. Name nobody.", 500)
    doing.tell(kind=kind)
    with acting_as(TOCSIN):
        given_ = Assignment.objects.get(case=doing.case, seat__member=by, withdrawn=None)
        given_.withdrawn, given_.why = doing.at, "The reviewer declared a tie"
        given_.save()
    Tie.objects.create(member=by, kind=kind, case_id=case, words=why, began=doing.at)
    doing.keep()
    with acting_as(TOCSIN):
        from tocsin.web.review.grading import end_blind_phase

        end_blind_phase(Case.objects.select_related("panel").get(pk=case), doing.at)


@transaction.atomic
def deal(*, panel: int, by: Member, request: UUID | None = None) -> int:
    """Give out every case that lacks graders: balanced and at random, never to somebody tied to it. Returns how many gradings were given out.

    The draw can be repeated from what the entry says: the seed, the reviewers in order, the cases and who was left out of each.
    Raises Invalid where a case cannot get as many graders as the panel wants.
    """
    from tocsin.web.review.dealing import wanted_of

    doing = begin_panel(panel, PanelAct.DEALT, by, request=request)
    wanted, drawn, seed = wanted_of(doing.panel)
    if not drawn:
        raise Invalid("", "Every case has as many graders as this panel wants.")
    doing.tell(seed=seed, asked=wanted, given=[[case, str(id_)] for case, id_ in drawn])
    seats = {s.pk: s for s in Seat.objects.filter(panel=doing.panel)}
    for case, seat_id in drawn:
        inner = begin(case, Act.ASSIGNED, by)
        made = Assignment(case_id=case, seat=seats[seat_id], at=doing.at)
        inner.tell(assignment=str(made.pk))
        made.save(force_insert=True)
        inner.keep()
    return len(drawn)


@transaction.atomic
def give_to(*, case: int, seat: int, by: Member, **given: Any) -> Assignment:
    """One more grader for a case, chosen by the convener: where the graders cannot agree. They grade blind like the others."""
    doing = begin(case, Act.ASSIGNED, by, **given)
    found = Seat.objects.filter(pk=seat, panel=doing.case.panel, role=SeatRole.REVIEWER, ended=None).exclude(declared=None).first()
    if found is None:
        raise Invalid("seat", "Choose a reviewer of this panel who has declared their independence.")
    if Assignment.objects.filter(case=doing.case, seat=found, withdrawn=None).exists():
        raise Invalid("seat", "This case is given to them already.")
    if tied(found, doing.case):
        raise Invalid("seat", "This reviewer is tied to the case.")
    made = Assignment(case=doing.case, seat=found, at=doing.at)
    doing.tell(assignment=str(made.pk))
    made.save(force_insert=True)
    doing.keep()
    return made


def tied(seat: Seat, case: Case) -> bool:
    """Whether what a reviewer declared, here or elsewhere, binds them to a case. One query."""
    with acting_as(TOCSIN), connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM review_ties_of(%s) t WHERE t = ANY(%s)) OR %s IN (SELECT review_tied_cases_of(%s))",
            [seat.member_id, [case.provider_id, *case.also], case.pk, seat.member_id],
        )
        return bool(cursor.fetchone()[0])
