"""Who stands by name beside something of the room that the acting member sees: asked by the view people_named, in their own sight."""

NAMES = """
CREATE FUNCTION learn_names(member uuid) RETURNS boolean LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
    SELECT EXISTS (SELECT FROM learn_coding WHERE member_id = $1) OR EXISTS (SELECT FROM learn_passage WHERE corrected_by_id = $1)
        OR EXISTS (SELECT FROM learn_draft WHERE by_id = $1)
$$;
"""
