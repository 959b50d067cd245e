"""The database's own answer to who may see and do what in a panel: the same as permissions.py, said a second time.

Beside it: what triggers refuse (`guard_sql`), whole panels in numbers (`numbers_sql`), and which rows each reader finds (`policy_sql`).
"""

from tocsin.web.review.permissions import ANSWERING, FAMILYS, ON_THE_CASE, PREPARING


def _words(acts: frozenset[str]) -> str:
    return ", ".join(f"'{a}'" for a in sorted(acts))


FUNCTIONS = rf"""
CREATE FUNCTION review_my_seats() RETURNS SETOF bigint LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT panel_id FROM review_seat WHERE member_id = tocsin_member() AND ended IS NULL
$$;
CREATE FUNCTION review_my_convened() RETURNS SETOF bigint LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT panel_id FROM review_seat WHERE member_id = tocsin_member() AND ended IS NULL AND role = 'convener'
$$;
-- providers to which the acting member is tied: declared here or in the hall, or through a body of the provider's own
CREATE FUNCTION review_ties_of(member uuid) RETURNS SETOF text LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT provider_id FROM review_tie WHERE member_id = $1 AND ended IS NULL AND provider_id IS NOT NULL
    UNION SELECT provider_id FROM people_declaration WHERE member_id = $1 AND ended IS NULL
    UNION SELECT b.provider_id FROM people_membership m JOIN people_body b ON b.id = m.body_id
        WHERE m.member_id = $1 AND m.ended IS NULL AND b.provider_id IS NOT NULL
$$;
CREATE FUNCTION review_tied_cases_of(member uuid) RETURNS SETOF bigint LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = public, pg_temp AS $$
    SELECT case_id FROM review_tie WHERE member_id = $1 AND ended IS NULL AND case_id IS NOT NULL
$$;
CREATE FUNCTION review_my_assigned() RETURNS SETOF bigint LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT a.case_id FROM review_assignment a JOIN review_seat s ON s.id = a.seat_id
     WHERE s.member_id = tocsin_member() AND s.ended IS NULL AND a.withdrawn IS NULL
$$;
CREATE FUNCTION review_my_unfinished() RETURNS SETOF bigint LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT a.case_id FROM review_assignment a JOIN review_seat s ON s.id = a.seat_id
     WHERE s.member_id = tocsin_member() AND s.ended IS NULL AND a.withdrawn IS NULL AND a.final IS NULL
$$;
CREATE FUNCTION review_family_case() RETURNS bigint LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT case_id FROM review_family WHERE id = tocsin_raiser() AND erased IS NULL
$$;
CREATE FUNCTION review_sees_case(number bigint) RETURNS boolean LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
    SELECT EXISTS (SELECT FROM review_case c WHERE c.id = $1)
$$;

CREATE FUNCTION review_may(what text, number bigint) RETURNS boolean LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
DECLARE c review_case%ROWTYPE; convenes boolean; given boolean; unfinished boolean;
BEGIN
    IF tocsin_acts_itself() THEN RETURN true; END IF;
    IF what IN ({_words(FAMILYS)}) THEN RETURN coalesce(review_family_case() = number, false); END IF;
    -- in the acting member's own sight: who is tied, or has no part, finds nothing
    SELECT * INTO c FROM review_case k WHERE k.id = number;
    IF NOT FOUND THEN RETURN false; END IF;
    convenes := c.panel_id IN (SELECT review_my_convened());
    given := c.id IN (SELECT review_my_assigned());
    unfinished := c.id IN (SELECT review_my_unfinished());
    RETURN CASE
        WHEN what IN ({_words(ON_THE_CASE)}) THEN true
        WHEN what IN ({_words(ANSWERING)}) THEN convenes
        WHEN c.finished IS NOT NULL THEN false
        WHEN what IN ({_words(PREPARING)}) THEN convenes AND c.agreed IS NULL
        WHEN what = 'graded' THEN unfinished AND c.agreed IS NULL
        WHEN what = 'recused' THEN given AND c.agreed IS NULL
        WHEN what = 'stood-or-moved' THEN given AND NOT unfinished AND c.blind_ended IS NOT NULL AND c.agreed IS NULL
        WHEN what = 'agreed' THEN convenes AND NOT unfinished AND c.blind_ended IS NOT NULL AND c.agreed IS NULL
        WHEN what IN ('told-in-plain-words', 'finished') THEN convenes AND c.agreed IS NOT NULL
        ELSE false END;
END $$;
CREATE FUNCTION review_leads(body bigint) RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT EXISTS (SELECT FROM people_membership m WHERE m.member_id = tocsin_member() AND m.ended IS NULL AND m.role = 'lead' AND m.body_id = $1)
$$;
CREATE FUNCTION review_may_in(what text, panel bigint) RETURNS boolean LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
BEGIN
    RETURN CASE
        WHEN tocsin_acts_itself() THEN true
        WHEN what = 'panel-made' THEN review_leads((SELECT p.body_id FROM review_panel p WHERE p.id = panel))
        WHEN what = 'independence-declared' THEN panel IN (SELECT review_my_seats())
        ELSE panel IN (SELECT review_my_convened()) END;
END $$;

CREATE FUNCTION review_reads_chain(chain text) RETURNS boolean LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
BEGIN
    RETURN CASE
        WHEN chain ~ '^review:case:[0-9]{{1,18}}$' THEN review_sees_case(substr(chain, 13)::bigint)
        WHEN chain ~ '^review:panel:[0-9]{{1,18}}$' THEN EXISTS (SELECT FROM review_panel p WHERE p.id = substr(chain, 14)::bigint)
        WHEN chain = 'review:standards' THEN tocsin_member() IS NOT NULL
        ELSE false END;
END $$;
CREATE FUNCTION review_writes_chain(chain text, what text) RETURNS boolean LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
BEGIN
    RETURN CASE
        WHEN chain ~ '^review:case:[0-9]{{1,18}}$' THEN review_may(what, substr(chain, 13)::bigint)
        WHEN chain ~ '^review:panel:[0-9]{{1,18}}$' THEN review_may_in(what, substr(chain, 14)::bigint)
        WHEN chain = 'review:standards' THEN EXISTS (SELECT FROM people_membership m
            WHERE m.member_id = tocsin_member() AND m.ended IS NULL AND m.role = 'lead')
        ELSE false END;
END $$;
"""
