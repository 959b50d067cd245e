"""By schemathesis: calls made up from the description of the FHIR operations, good and bad."""

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, transaction
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import content_type_conformance, response_headers_conformance, status_code_conformance

from hall import signal
from lfpse import event
from tocsin import fhir
from tocsin.web.concerns import actions
from tocsin.web.fhir.actions import take_in
from tocsin.web.people.actions import make_token
from tocsin.web.record.acting import TOCSIN, acting_as
from tocsin.web.wsgi import application

pytestmark = pytest.mark.django_db


@pytest.fixture
def connection_stays_open():
    """A test is one transaction: the end of a call does not end its connection."""
    request_started.disconnect(close_old_connections)
    request_finished.disconnect(close_old_connections)
    yield
    request_started.connect(close_old_connections)
    request_finished.connect(close_old_connections)


def is_a_resource(ctx, response, case):
    said = fhir.from_json(response.content)
    if said["resourceType"] in fhir.KNOWN:
        fhir.read(fhir.KNOWN[said["resourceType"]], said)


def test_whatever_is_sent_gets_a_resource_as_its_description_promises(hall, connection_stays_open):
    actions.raise_signal(signal(), by="the watch")
    with acting_as(TOCSIN):
        _, text = make_token(body=hall.bodies["icb"], name="x", scopes=["read", "raise"], by=hall.icb)
        take_in(event=fhir.read(fhir.AdverseEvent, event()), body=hall.bodies["trust"], by=hall.trust)
    schema = schemathesis.openapi.from_wsgi("/api/v1/fhir/openapi.json", application)
    checks = [not_a_server_error, content_type_conformance, response_headers_conformance, status_code_conformance, is_a_resource]
    operations = [result.ok() for result in schema.get_all_operations()]
    for operation in operations:
        for mode in GenerationMode:

            @given(case=operation.as_strategy(generation_mode=mode))
            @settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck), database=None, derandomize=True)
            def check(case):
                # a call of its own leaves nothing behind for the next
                with transaction.atomic():
                    case.call_and_validate(headers={"Authorization": f"Bearer {text}", "Accept-Encoding": "identity"}, checks=checks)
                    transaction.set_rollback(True)

            if mode is GenerationMode.NEGATIVE and operation.path.endswith("/metadata"):
                # it takes nothing, so nothing bad can be sent
                continue
            check()

    assert len(operations) == 11
