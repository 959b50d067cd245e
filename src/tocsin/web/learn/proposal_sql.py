"""Who sees proposals: whoever sees both items. Tocsin alone makes them, and makes them anew."""

_ITSELF = "(SELECT tocsin_acts_itself())"

RIGHTS = f"""
ALTER TABLE learn_proposal ENABLE ROW LEVEL SECURITY;
ALTER TABLE learn_proposal FORCE ROW LEVEL SECURITY;
CREATE POLICY seen ON learn_proposal FOR SELECT USING ({_ITSELF}
    OR (EXISTS (SELECT FROM learn_item i WHERE i.id = one_id) AND EXISTS (SELECT FROM learn_item i WHERE i.id = other_id)));
CREATE POLICY made ON learn_proposal FOR ALL USING ({_ITSELF}) WITH CHECK ({_ITSELF});
"""
