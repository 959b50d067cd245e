"""Who stands by name beside something of the room that the acting member sees: asked by the view people_named, in their own sight."""

NAMES = """
CREATE FUNCTION review_names(member uuid) RETURNS boolean LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
    SELECT EXISTS (SELECT FROM review_seat WHERE member_id = $1) OR EXISTS (SELECT FROM review_grading WHERE member_id = $1)
        OR EXISTS (SELECT FROM review_consensus WHERE by_id = $1) OR EXISTS (SELECT FROM review_findings WHERE by_id = $1)
        OR EXISTS (SELECT FROM review_tie WHERE member_id = $1)
        OR EXISTS (SELECT FROM review_standard WHERE proposed_by_id = $1 OR signed_by_id = $1)
$$;
"""
