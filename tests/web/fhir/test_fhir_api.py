"""FHIR over HTTP, as the app's role: in, out, and only what one may see."""

import json
import sys
from pathlib import Path

import pytest

from tocsin.web.people.actions import make_token
from tocsin.web.record.acting import TOCSIN, acting_as

sys.path.insert(0, str(Path(__file__).parents[2] / "fhir"))
from lfpse import event

pytestmark = pytest.mark.django_db
BASE = "/api/v1/fhir"


@pytest.fixture
def call(client, hall):
    with acting_as(TOCSIN):
        texts = {
            n: make_token(body=hall.bodies[n], name="x", scopes=["read", "raise", "act"], by=hall.members[n.replace("-", "_")])[1]
            for n in ("icb", "trust", "trust-b", "cqc")
        }

    def calling(method, address, who="icb", body=None, **headers):
        more = ({"HTTP_AUTHORIZATION": f"Bearer {texts.get(who, who)}"} if who else {}) | headers
        if method == "get":
            return client.get(BASE + address, **more)
        data = body if isinstance(body, str | bytes) else json.dumps(body)
        return client.post(BASE + address, data, content_type="application/fhir+json", **more)

    return calling


def test_an_event_is_taken_in_kept_and_given_back_as_it_came(call):
    sent = event()
    answer = call("post", "/AdverseEvent", "trust", sent)
    number = answer["Location"].rsplit("/", 1)[1]
    back = call("get", f"/AdverseEvent/{number}").json()

    assert answer.status_code == 201
    assert answer["Content-Type"].startswith("application/fhir+json")
    assert back.pop("id") == number
    assert back["meta"].pop("versionId") == "1"
    assert back["meta"].pop("lastUpdated")
    assert back == sent
