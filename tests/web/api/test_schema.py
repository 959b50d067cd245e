"""By schemathesis: calls made up from the description, good and bad, against every operation; many of them about things that are there."""

from datetime import date, timedelta
from itertools import count

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, transaction
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS
from schemathesis.config import SchemathesisConfig

from hall import MONDAY, signal
from tocsin.web.concerns import actions, plan, takeover
from tocsin.web.people.actions import make_token
from tocsin.web.record.acting import TOCSIN, acting_as
from tocsin.web.wsgi import application

pytestmark = pytest.mark.django_db
STALE = {"checks": {"positive_data_acceptance": {"expected-statuses": ["2xx", 401, 403, 404, 409, 412]}}}
"""Beside what the check takes by itself: 412, the answer to an If-Match of a concern that has moved on."""
LEFT_OUT = {"use_after_free", "ensure_resource_availability"}
"""Of every check: those that look at several calls in a row, while here each call is taken back before the next."""


@pytest.fixture
def connection_stays_open():
    """A test is one transaction: the end of a call does not end its connection."""
    request_started.disconnect(close_old_connections)
    request_finished.disconnect(close_old_connections)
    yield
    request_started.connect(close_old_connections)
    request_finished.connect(close_old_connections)


@pytest.fixture
def there(hall, moment):
    """Two concerns, one of them taken over, with an action, a question and a criterion; and a token of each body that can do something."""
    taken = actions.raise_signal(signal(), by="the watch").pk
    other = actions.raise_signal(signal("XAB"), by="the watch").pk
    soon = (MONDAY + timedelta(days=60)).date()
    with acting_as(hall.icb.pk):
        action = plan.plan_action(concern=other, what="x", owner="trust", strength="weak", measure="x", due=soon, by=hall.icb)
        question = plan.ask_information(concern=other, subject="x", detail="", due=soon, by=hall.icb)
    with acting_as(hall.nhse.pk):
        over = takeover.take_over(
            concern=taken, powers=["take-over-or-close"], scope="x", criteria=["x"], reviews=[date(2026, 3, 1)], by=hall.nhse
        )
    with acting_as(TOCSIN):
        criterion = over.criterion_set.get()
        tokens = [
            make_token(body=hall.bodies[name], name="x", scopes=["read", "raise", "act"], by=hall.members[name.replace("-", "_")])[1]
            for name in ("icb", "nhse", "mnsi", "trust-b")
        ]
    parts = {"actions": action.pk, "questions": question.pk, "criteria": criterion.pk}
    return (other, taken), parts, tokens


def test_whatever_is_sent_gets_an_answer_that_its_description_promises(there, connection_stays_open):
    numbers, parts, tokens = there
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", application, config=SchemathesisConfig.from_dict(STALE))
    checks = [c for c in CHECKS.get_all() if c.__name__ not in LEFT_OUT]
    operations = [result.ok() for result in schema.get_all_operations()]
    sent, answers = count(), set()

    def tried(operation, mode):
        good = mode is GenerationMode.POSITIVE

        @given(case=operation.as_strategy(generation_mode=mode))
        @settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck), database=None, derandomize=True)
        def check(case):
            at = next(sent)
            if good and "number" in case.path_parameters and at % 4:
                case.path_parameters["number"] = numbers[at % 2]
            if good and "part" in case.path_parameters and at % 4:
                case.path_parameters["part"] = next(n for word, n in parts.items() if f"/{word}/" in case.path)
            if good and at % 3:
                case.headers.pop("If-Match", None)
            if good or "Authorization" in case.headers:
                case.headers["Authorization"] = f"Bearer {tokens[at // 2 % len(tokens)]}"
            # a call of its own leaves nothing behind for the next
            with transaction.atomic():
                answer = case.call_and_validate(headers={"Accept-Encoding": "identity"}, checks=checks)
                answers.add((case.operation.path, answer.status_code))
                transaction.set_rollback(True)

        check()

    for operation in operations:
        tried(operation, GenerationMode.POSITIVE)
        # some take nothing, so nothing bad can be sent
        if not operation.path.endswith(("/checkpoints", "/public-key")):
            tried(operation, GenerationMode.NEGATIVE)

    assert len(operations) >= 38
    done = {path for path, status in answers if status in (200, 201)}
    assert len(done) >= 18, sorted({o.path for o in operations} - done)
