"""FHIR R4 over HTTP: signals and organisations out, reported events in and out; and the page of an event."""
