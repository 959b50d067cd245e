"""A panel of three for tests: convened at the investigators, with cases of two trusts."""

from dataclasses import dataclass, field
from datetime import date

from django.core.files.uploadedfile import SimpleUploadedFile

from hall import member
from tocsin.web.people.models import Membership
from tocsin.web.record.acting import act_as, acting_as
from tocsin.web.review import cases, families, frames, grading, panels
from tocsin.web.review.models import Case, Seat


@dataclass
class Table:
    """convener, reviewers: members. panel: its number. cases: numbers of cases."""

    convener: object
    reviewers: list
    panel: int
    hall: object
    cases: list = field(default_factory=list)

    def case(self, provider="XAA", **more):
        values = {
            "outcome": "neonatal-death", "event_on": date(2018, 3, 14), "gestation_days": 275, "identity": {"name": "Unmistakable Name"},
        } | more  # fmt: skip
        with acting_as(self.convener.pk):
            made = cases.add_case(panel=self.panel, provider=provider, by=self.convener, **values)
        self.cases.append(made.pk)
        return made

    def deal(self):
        with acting_as(self.convener.pk):
            return panels.deal(panel=self.panel, by=self.convener)

    def grade(self, who, case, grade="2", final=True, **content):
        given = {"grade": grade, "words": f"Because of {who.name}", "standards": {}, "factors": {"task": {"found": True, "words": "x"}}} | content
        with acting_as(who.pk):
            draft = grading.mine(case=case, by=who)
            saved = grading.save(case=case, content=given, version=draft.version, tab="t", count=draft.count + 1, by=who)
            if final:
                grading.finish(case=case, by=who)
        return saved

    def family(self, case, account="What we lived through", questions=("Why did nobody come?",)):
        with acting_as(self.convener.pk):
            return families.invite_family(case=case, account=account, questions=list(questions), by=self.convener)


def build(hall, reviewers=3, graders=3, seed=7):
    """A panel whose reviewers have declared that nothing binds them."""
    convener = hall.mnsi
    people = [reviewer(hall, n) for n in range(reviewers)]
    with acting_as(convener.pk):
        made = panels.make_panel(
            body=hall.bodies["mnsi"], name="Trial panel", purpose="To try", scale="confidential-enquiry", graders=graders, sampling="random",
            by=convener, seed=seed,
        )  # fmt: skip
        for who in people:
            panels.seat(panel=made.pk, email=who.email, role="reviewer", craft="Midwife", by=convener)
    for who in people:
        with acting_as(who.pk):
            panels.declare(panel=made.pk, ties=[], by=who)
    return Table(convener, people, made.pk, hall)


def reviewer(hall, number=0):
    """Somebody who works for the investigators and leads nothing."""
    return member(hall.bodies["mnsi"], "member", f"Reviewer {number}")


def graders_of(case):
    """Members to whom a case is given."""
    from tocsin.web.record.acting import TOCSIN

    with acting_as(TOCSIN):
        return list(Seat.objects.filter(assignment__case=case, assignment__withdrawn=None).select_related("member"))


def listed(table):
    """The panel's list of all cases, with a sample drawn."""
    rows = "reference,provider,stratum\n" + "".join(f"A{n},XAA,{'early' if n % 3 else 'term'}\n" for n in range(30))
    with acting_as(table.convener.pk):
        frames.give_list(panel=table.panel, name="All", upload=SimpleUploadedFile("a.csv", rows.encode()), column="", typed="", by=table.convener)
        return frames.draw(panel=table.panel, cases=9, half_width=None, how="proportional", guesses={}, by=table.convener)


__all__ = ["Case", "Membership", "Table", "act_as", "build", "graders_of", "listed", "reviewer"]
