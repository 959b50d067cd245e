"""What the database refuses to everybody: a change that the record was not told of, a final grading that is touched, a tied grader."""

GUARDS = r"""
-- nothing changes unless the same transaction tells the record of it
CREATE FUNCTION review_must_be_told() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE row jsonb := to_jsonb(NEW); told text; last bigint;
BEGIN
    told := CASE TG_TABLE_NAME
        WHEN 'review_panel' THEN 'review:panel:' || (row ->> 'id')
        WHEN 'review_seat' THEN 'review:panel:' || (row ->> 'panel_id')
        WHEN 'review_frame' THEN 'review:panel:' || (row ->> 'panel_id')
        WHEN 'review_findings' THEN 'review:panel:' || (row ->> 'panel_id')
        WHEN 'review_case' THEN 'review:case:' || (row ->> 'id')
        WHEN 'review_standard' THEN 'review:standards'
        ELSE 'review:case:' || (row ->> 'case_id') END;
    SELECT transaction INTO last FROM record_told WHERE chain = told;
    IF last IS DISTINCT FROM pg_current_xact_id()::text::bigint THEN
        RAISE EXCEPTION '% was changed without an entry in the record', told USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION review_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'what a panel said is kept: % of % is refused', TG_OP, TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$;

-- the blind phase ends only when as many as the panel wants have graded for good and nobody is still grading
CREATE FUNCTION review_guard_case() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE finals bigint; grading bigint; wanted bigint;
BEGIN
    IF NEW.panel_id <> OLD.panel_id OR NEW.pseudonym <> OLD.pseudonym THEN
        RAISE EXCEPTION 'a case stays in its panel, under its pseudonym' USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF OLD.blind_ended IS NOT NULL AND NEW.stratum <> OLD.stratum THEN
        RAISE EXCEPTION 'from where a case was drawn is not changed once it is graded' USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF OLD.blind_ended IS NOT NULL AND NEW.blind_ended IS DISTINCT FROM OLD.blind_ended THEN
        RAISE EXCEPTION 'the end of a blind phase is not taken back' USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF NEW.blind_ended IS NOT NULL AND OLD.blind_ended IS NULL THEN
        SELECT count(*) FILTER (WHERE a.final IS NOT NULL), count(*) FILTER (WHERE a.final IS NULL) INTO finals, grading
          FROM review_assignment a WHERE a.case_id = NEW.id AND a.withdrawn IS NULL;
        SELECT graders INTO wanted FROM review_panel_graders(NEW.panel_id);
        IF finals < wanted OR grading > 0 THEN
            RAISE EXCEPTION 'case % is still being graded', NEW.id USING ERRCODE = 'insufficient_privilege';
        END IF;
    END IF;
    RETURN NEW;
END $$;

-- a grading that is final is never changed, and its assignment says that it is
CREATE FUNCTION review_guard_grading() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.final IS NOT NULL THEN
        RAISE EXCEPTION 'a final grading is kept as it is' USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF NEW.assignment_id <> OLD.assignment_id OR NEW.case_id <> OLD.case_id OR NEW.member_id <> OLD.member_id THEN
        RAISE EXCEPTION 'a grading stays whose it is' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
CREATE FUNCTION review_grading_final() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    UPDATE review_assignment SET final = NEW.final WHERE id = NEW.assignment_id AND final IS NULL;
    RETURN NULL;
END $$;

-- a case is given to nobody who is tied to it, and a final assignment stays final
CREATE FUNCTION review_guard_assignment() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE s review_seat%ROWTYPE; who uuid; c record;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF NEW.case_id <> OLD.case_id OR NEW.seat_id <> OLD.seat_id OR (OLD.final IS NOT NULL AND NEW.final IS DISTINCT FROM OLD.final)
           OR (NEW.final IS NOT NULL AND OLD.final IS NULL AND NOT EXISTS (
                SELECT FROM review_grading_states(NEW.id) g WHERE g.final IS NOT NULL)) THEN
            RAISE EXCEPTION 'an assignment is final when its grading is, and stays so' USING ERRCODE = 'insufficient_privilege';
        END IF;
        RETURN NEW;
    END IF;
    SELECT * INTO s FROM review_seat WHERE id = NEW.seat_id;
    SELECT * INTO c FROM review_case_places(NEW.case_id);
    IF s.role <> 'reviewer' OR s.ended IS NOT NULL OR s.declared IS NULL OR s.panel_id <> c.panel_id THEN
        RAISE EXCEPTION 'a case is given to reviewers of its panel who have declared their independence' USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF EXISTS (SELECT FROM review_ties_of(s.member_id) t WHERE t = c.provider_id OR c.also ? t)
       OR NEW.case_id IN (SELECT review_tied_cases_of(s.member_id)) THEN
        RAISE EXCEPTION 'the reviewer is tied to this case' USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF NEW.final IS NOT NULL THEN
        RAISE EXCEPTION 'an assignment begins open' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
-- what the guards above must know, whoever acts
CREATE FUNCTION review_panel_graders(panel bigint) RETURNS TABLE (graders bigint) LANGUAGE plpgsql
STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
DECLARE before text := tocsin_acting();
BEGIN
    PERFORM set_config('tocsin.acting', 'tocsin', true);
    RETURN QUERY
 SELECT p.graders::bigint FROM review_panel p WHERE p.id = panel;
    PERFORM set_config('tocsin.acting', before, true);
END $$;
CREATE FUNCTION review_case_places(number bigint) RETURNS TABLE (panel_id bigint, provider_id text, also jsonb) LANGUAGE plpgsql
STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
DECLARE before text := tocsin_acting();
BEGIN
    PERFORM set_config('tocsin.acting', 'tocsin', true);
    RETURN QUERY
    SELECT c.panel_id, c.provider_id::text, c.also FROM review_case c WHERE c.id = number;
    PERFORM set_config('tocsin.acting', before, true);
END $$;
CREATE FUNCTION review_grading_states(assignment uuid) RETURNS TABLE (final timestamptz) LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = public, pg_temp AS $$ SELECT g.final FROM review_grading g WHERE g.assignment_id = $1 $$;
CREATE FUNCTION review_guard_standard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.signed IS NOT NULL OR OLD.turned_down IS NOT NULL OR (to_jsonb(NEW) - ARRAY['signed', 'signed_by_id', 'turned_down'])
        <> (to_jsonb(OLD) - ARRAY['signed', 'signed_by_id', 'turned_down']) THEN
        RAISE EXCEPTION 'a version of a standard is not changed; propose another' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
CREATE FUNCTION review_guard_panel() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF (NEW.scale <> OLD.scale OR NEW.graders <> OLD.graders OR NEW.seed <> OLD.seed OR NEW.body_id <> OLD.body_id) AND EXISTS (
        SELECT FROM review_assignment a JOIN review_seat s ON s.id = a.seat_id WHERE s.panel_id = NEW.id) THEN
        RAISE EXCEPTION 'once cases are given out, scale, graders and seed stay as they are' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
"""
