"""Who may see what is kept of hearing."""

POLICIES = """
ALTER TABLE feeds_subscription ENABLE ROW LEVEL SECURITY;
ALTER TABLE feeds_subscription FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON feeds_subscription USING (tocsin_acts_itself() OR member_id = tocsin_member());
ALTER TABLE feeds_delivery ENABLE ROW LEVEL SECURITY;
ALTER TABLE feeds_delivery FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON feeds_delivery USING (tocsin_acts_itself());
ALTER TABLE feeds_board_pack ENABLE ROW LEVEL SECURITY;
ALTER TABLE feeds_board_pack FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON feeds_board_pack USING (tocsin_acts_itself() OR member_id = tocsin_member());
"""
