"""Who may read a reported event: members of bodies that answer for its provider. Only actions, as Tocsin itself, write one."""

POLICIES = """
ALTER TABLE fhir_event ENABLE ROW LEVEL SECURITY;
ALTER TABLE fhir_event FORCE ROW LEVEL SECURITY;
CREATE POLICY seen ON fhir_event FOR SELECT USING (
    (SELECT tocsin_acts_itself()) OR provider_id IN (SELECT tocsin_my_providers()));
CREATE POLICY taken_in ON fhir_event USING ((SELECT tocsin_acts_itself()));
ALTER TABLE fhir_event_earlier ENABLE ROW LEVEL SECURITY;
ALTER TABLE fhir_event_earlier FORCE ROW LEVEL SECURITY;
CREATE POLICY seen ON fhir_event_earlier FOR SELECT USING (EXISTS (SELECT FROM fhir_event e WHERE e.id = event_id));
CREATE POLICY taken_in ON fhir_event_earlier USING ((SELECT tocsin_acts_itself()));
CREATE TRIGGER kept BEFORE DELETE ON fhir_event FOR EACH ROW EXECUTE FUNCTION record_refuse();
"""
