"""Who grades which case, drawn by the room below from what is declared: balanced, at random, nobody in their own cause."""

from typing import Any

from tocsin.review import assign
from tocsin.review.assign import Reviewer, ToGrade
from tocsin.web.people.models import Declaration, Membership
from tocsin.web.record.acting import TOCSIN, acting_as
from tocsin.web.record.models import Entry
from tocsin.web.review.doing import Invalid, panel_chain
from tocsin.web.review.models import Assignment, Case, Panel, Seat, SeatRole, Tie
from tocsin.web.review.permissions import PanelAct


def wanted_of(panel: Panel) -> tuple[dict[str, Any], list[tuple[int, int]], int]:
    """What was asked of the draw, the (case, seat) pairs that it gave beyond those given out before, and its seed. Six queries.

    Raises Invalid where no case could be given out; a case that cannot get all its graders waits, and is named in what was asked.
    """
    with acting_as(TOCSIN):
        seats = list(Seat.objects.filter(panel=panel, role=SeatRole.REVIEWER, ended=None).exclude(declared=None).order_by("id"))
        if len(seats) < panel.graders:
            raise Invalid("", f"{panel.graders} grade each case of this panel, and only {len(seats)} have declared their independence.")
        members = [s.member_id for s in seats]
        ties: dict[Any, set[str]] = {m: set() for m in members}
        for member, provider, case in Tie.objects.filter(member__in=members, ended=None).values_list("member_id", "provider_id", "case_id"):
            ties[member].add(provider or f"case-{case}")
        for member, provider in Declaration.objects.filter(member__in=members, ended=None).values_list("member_id", "provider_id"):
            ties[member].add(provider)
        for member, provider in Membership.objects.filter(member__in=members, ended=None).values_list("member_id", "body__provider_id"):
            ties[member].update({provider} - {None})
        cases = list(Case.objects.filter(panel=panel, agreed=None, blind_ended=None).order_by("id"))
        has: dict[int, list[int]] = {c.pk: [] for c in cases}
        for case, seat in Assignment.objects.filter(case__in=cases, withdrawn=None, seat__ended=None).values_list("case_id", "seat_id"):
            has[case].append(seat)
        seed = panel.seed + Entry.objects.filter(chain=panel_chain(panel), what=PanelAct.DEALT).count()
    of_case = [ToGrade(_case(c.pk), frozenset({c.provider_id, *c.also})) for c in cases]
    # a member may sit twice only in different roles, so a seat stands for a person here
    people = [
        Reviewer(str(s.pk), interests=frozenset(i.replace("case-", "case:") if i.startswith("case-") else i for i in ties[s.member_id]))
        for s in seats
    ]
    known = {str(s.pk) for s in seats}
    already = {_case(c): [str(s) for s in of if str(s) in known] for c, of in has.items() if of}
    drawn = assign(of_case, people, panel.graders, seed=seed, already=already)
    fresh = [
        (c.pk, int(seat))
        for c in cases
        for seat in drawn.graders.get(_case(c.pk), ())
        if int(seat) not in has[c.pk]
    ]
    waiting = [{"case": int(u.case[5:]), "why": u.reason} for u in drawn.unassigned]
    if waiting and not fresh:
        raise Invalid("", f"No case could be given out. Case {waiting[0]['case']}: {waiting[0]['why']}. Seat more reviewers.")
    return {"reviewers": [s.pk for s in seats], "cases": [c.pk for c in cases], "waiting": waiting, "notes": list(drawn.notes)}, fresh, seed


def _case(number: int) -> str:
    return f"case:{number}"
