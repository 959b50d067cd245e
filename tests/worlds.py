"""Random people for laws: members with roles in any bodies, some ended, and interests in providers. Drawn by hypothesis, so it shrinks."""

from datetime import timedelta
from itertools import count

from django.utils import timezone
from hypothesis import strategies as st

from tocsin.web.people.models import Declaration, Member, Membership
from tocsin.web.record.acting import TOCSIN, acting_as

PROVIDERS = ("XAA", "XAB")
ROLES = ("lead", "lead", "lead", "member", "administrator", "auditor")
"""More who lead, because only to them is anything permitted that could be permitted wrongly."""
SELDOM = st.sampled_from((False, False, False, True))
_number = count(1)


def people(bodies, most=4):
    """Lists of members, each as {'roles': {(body, role): ended}, 'interests': {provider: ended}}."""
    return st.lists(
        st.fixed_dictionaries({
            "roles": st.dictionaries(st.tuples(st.sampled_from(bodies), st.sampled_from(ROLES)), SELDOM, min_size=1, max_size=4),
            "interests": st.dictionaries(st.sampled_from(PROVIDERS), SELDOM, max_size=2),
        }), min_size=1, max_size=most,
    )  # fmt: skip


def put(hall, drawn):
    """The members that were drawn, in the database."""
    made = []
    at = timezone.now()
    over = {False: None, True: at}
    with acting_as(TOCSIN):
        for of in drawn:
            one = Member.objects.create_user(f"w{next(_number)}@example.org", None, name="Random")
            for (body, role), ended in of["roles"].items():
                Membership.objects.create(member=one, body=hall.bodies[body], role=role, began=at - timedelta(days=1), ended=over[ended])
            for provider, ended in of["interests"].items():
                Declaration.objects.create(
                    member=one, provider=hall.providers[provider], reason="x", began=at - timedelta(days=1), ended=over[ended]
                )
            made.append(one)
    return made
