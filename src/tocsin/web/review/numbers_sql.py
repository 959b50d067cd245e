"""Whole panels in numbers, without a name: for whoever sits in the panel, also of cases that they may not see.

Each `review_..._of` reads as Tocsin itself for the length of one query, and is called only by what asks first who is acting.
"""

WHOLE = """
CREATE FUNCTION review_agreed_of(panel bigint) RETURNS TABLE (number bigint, provider text, outcome text, event_on date, made timestamptz,
    agreed timestamptz, finished timestamptz, grade text) LANGUAGE plpgsql
STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
DECLARE before text := tocsin_acting();
BEGIN
    PERFORM set_config('tocsin.acting', 'tocsin', true);
    RETURN QUERY
    SELECT dense_rank() OVER (ORDER BY c.id), c.provider_id::text, c.outcome::text, c.event_on, c.made, c.agreed, c.finished,
           (SELECT k.grade::text FROM review_consensus k WHERE k.case_id = c.id ORDER BY k.id DESC LIMIT 1)
      FROM review_case c WHERE c.panel_id = panel ORDER BY c.id;
    PERFORM set_config('tocsin.acting', before, true);
END $$;
CREATE FUNCTION review_opened_of(panel bigint, named boolean) RETURNS TABLE (number bigint, reviewer bigint, seat bigint, grade text) LANGUAGE plpgsql
STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
DECLARE before text := tocsin_acting();
BEGIN
    PERFORM set_config('tocsin.acting', 'tocsin', true);
    RETURN QUERY
    SELECT dense_rank() OVER (ORDER BY c.id), dense_rank() OVER (ORDER BY md5(a.seat_id || '-' || panel)),
           CASE WHEN named THEN a.seat_id END, g.content ->> 'grade'
      FROM review_grading g JOIN review_case c ON c.id = g.case_id JOIN review_assignment a ON a.id = g.assignment_id
     WHERE c.panel_id = panel AND c.blind_ended IS NOT NULL AND g.final IS NOT NULL AND a.withdrawn IS NULL
     ORDER BY 1, 2;
    PERFORM set_config('tocsin.acting', before, true);
END $$;
CREATE FUNCTION review_unmet_of(panel bigint) RETURNS TABLE (kind text, what text, provider text, number bigint, bears boolean) LANGUAGE plpgsql
STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
DECLARE before text := tocsin_acting();
BEGIN
    PERFORM set_config('tocsin.acting', 'tocsin', true);
    RETURN QUERY
    WITH last AS (SELECT DISTINCT ON (k.case_id) k.id, c.provider_id, dense_rank() OVER (ORDER BY c.id) AS number
                    FROM review_consensus k JOIN review_case c ON c.id = k.case_id WHERE c.panel_id = panel ORDER BY k.case_id, k.id DESC)
    SELECT 'standard'::text, s.standard::text, l.provider_id::text, l.number, s.bears FROM review_agreed_standard s JOIN last l ON l.id = s.consensus_id
     WHERE s.verdict = 'not-met'
    UNION ALL SELECT 'factor'::text, f.factor::text, l.provider_id::text, l.number, f.bears FROM review_agreed_factor f JOIN last l ON l.id = f.consensus_id;
    PERFORM set_config('tocsin.acting', before, true);
END $$;
CREATE FUNCTION review_progress_of(panel bigint) RETURNS TABLE (cases bigint, given bigint, graded bigint, talked bigint, agreed bigint,
    finished bigint, questions bigint, unanswered bigint) LANGUAGE plpgsql
STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
DECLARE before text := tocsin_acting();
BEGIN
    PERFORM set_config('tocsin.acting', 'tocsin', true);
    RETURN QUERY
    SELECT count(*), count(*) FILTER (WHERE EXISTS (SELECT FROM review_assignment a WHERE a.case_id = c.id AND a.withdrawn IS NULL)),
           count(*) FILTER (WHERE c.blind_ended IS NOT NULL),
           count(*) FILTER (WHERE EXISTS (SELECT FROM review_position p WHERE p.case_id = c.id)),
           count(*) FILTER (WHERE c.agreed IS NOT NULL), count(*) FILTER (WHERE c.finished IS NOT NULL),
           (SELECT count(*) FROM review_question q JOIN review_case k ON k.id = q.case_id WHERE k.panel_id = panel),
           (SELECT count(*) FROM review_question q JOIN review_case k ON k.id = q.case_id
             WHERE k.panel_id = panel AND q.state IN ('open', 'not-resolved'))
      FROM review_case c WHERE c.panel_id = panel;
    PERFORM set_config('tocsin.acting', before, true);
END $$;
CREATE FUNCTION review_progress_each(panels bigint[]) RETURNS TABLE (panel bigint, cases bigint, agreed bigint, unanswered bigint) LANGUAGE plpgsql
STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
DECLARE before text := tocsin_acting();
BEGIN
    PERFORM set_config('tocsin.acting', 'tocsin', true);
    RETURN QUERY
    SELECT c.panel_id, count(*), count(c.agreed), coalesce(sum((SELECT count(*) FROM review_question q
             WHERE q.case_id = c.id AND q.state IN ('open', 'not-resolved'))), 0)::bigint
      FROM review_case c WHERE c.panel_id = ANY(panels) GROUP BY c.panel_id;
    PERFORM set_config('tocsin.acting', before, true);
END $$;
REVOKE EXECUTE ON FUNCTION review_progress_each FROM PUBLIC;
CREATE FUNCTION review_days_each(panels bigint[]) RETURNS TABLE (panel bigint, event_on date, agreed timestamptz) LANGUAGE plpgsql
STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
DECLARE before text := tocsin_acting();
BEGIN
    PERFORM set_config('tocsin.acting', 'tocsin', true);
    RETURN QUERY SELECT c.panel_id, c.event_on, c.agreed FROM review_case c WHERE c.panel_id = ANY(panels);
    PERFORM set_config('tocsin.acting', before, true);
END $$;
REVOKE EXECUTE ON FUNCTION review_days_each FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION review_agreed_of, review_opened_of, review_unmet_of, review_progress_of, review_panel_graders, review_case_places FROM PUBLIC;

CREATE FUNCTION review_sits_in(panel bigint) RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT tocsin_acts_itself() OR panel IN (SELECT review_my_seats())
$$;
CREATE FUNCTION review_panel_cases(panel bigint) RETURNS TABLE (number bigint, provider text, outcome text, event_on date, made timestamptz,
    agreed timestamptz, finished timestamptz, grade text) LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT * FROM review_agreed_of(panel) WHERE review_sits_in(panel)
$$;
CREATE FUNCTION review_panel_gradings(panel bigint) RETURNS TABLE (number bigint, reviewer bigint, seat bigint, grade text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT * FROM review_opened_of(panel, tocsin_acts_itself() OR panel IN (SELECT review_my_convened())) WHERE review_sits_in(panel)
$$;
CREATE FUNCTION review_panel_unmet(panel bigint) RETURNS TABLE (kind text, what text, provider text, number bigint, bears boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT * FROM review_unmet_of(panel) WHERE review_sits_in(panel)
$$;
CREATE FUNCTION review_panel_progress(panel bigint) RETURNS TABLE (cases bigint, given bigint, graded bigint, talked bigint, agreed bigint,
    finished bigint, questions bigint, unanswered bigint) LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT * FROM review_progress_of(panel) WHERE review_sits_in(panel)
$$;
CREATE FUNCTION review_my_progress() RETURNS TABLE (panel bigint, cases bigint, agreed bigint, unanswered bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT * FROM review_progress_each(ARRAY(SELECT review_my_seats()))
$$;
CREATE FUNCTION review_my_days() RETURNS TABLE (panel bigint, event_on date, agreed timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$ SELECT * FROM review_days_each(ARRAY(SELECT review_my_seats())) $$;
"""
