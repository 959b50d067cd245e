"""The database's own answer to who may see and do what in a panel: the same as permissions.py, said a second time."""

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

-- nothing changes unless the same transaction tells the record of it
CREATE FUNCTION review_must_be_told() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE row jsonb := to_jsonb(NEW); told text; last bigint;
BEGIN
    told := CASE TG_TABLE_NAME
        WHEN 'review_panel' THEN 'review:panel:' || (row ->> 'id')
        WHEN 'review_seat' THEN 'review:panel:' || (row ->> 'panel_id')
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

# Each of these reads as Tocsin itself for the length of one query, and is called only by what asks first who is acting.
# whole panels in numbers, without a name: for whoever sits in the panel
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
"""

_SELF = "(SELECT tocsin_acts_itself())"
_CONVENED = "panel_id IN (SELECT review_my_convened())"
_BY_CASE = "EXISTS (SELECT FROM review_case c WHERE c.id = case_id)"
_CONVENED_CASE = "EXISTS (SELECT FROM review_case c WHERE c.id = case_id AND c.panel_id IN (SELECT review_my_convened()))"
_OPENED = (
    "(EXISTS (SELECT FROM review_case c WHERE c.id = case_id AND c.blind_ended IS NOT NULL) "
    "AND case_id NOT IN (SELECT review_my_unfinished()))"
)


def _policies(table: str, force: bool, check: str = "", **of: str) -> str:
    """select, insert, update: expressions; check: of a row after its update. Deleting is refused to everybody by the lack of a policy."""
    lines = [f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;"]
    if force:
        lines.append(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY;")
    for command, words in of.items():
        clause = f"WITH CHECK ({words})" if command == "insert" else f"USING ({words})"
        if command == "update" and check:
            clause += f" WITH CHECK ({check})"
        lines.append(f"CREATE POLICY {command}s ON {table} FOR {command.upper()} {clause};")
    return "\n".join(lines)


def _told(table: str, when: str = "INSERT OR UPDATE") -> str:
    return (
        f"CREATE CONSTRAINT TRIGGER told AFTER {when} ON {table} DEFERRABLE INITIALLY DEFERRED FOR EACH ROW "
        "EXECUTE FUNCTION review_must_be_told();"
    )


def _kept(table: str) -> str:
    return f"CREATE TRIGGER kept BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION review_refuse();"


POLICIES = "\n".join(
    (
        _policies(
            "review_standard", True, select=f"{_SELF} OR signed IS NOT NULL OR body_id IN (SELECT tocsin_my_bodies())",
            insert=f"{_SELF} OR (review_leads(body_id) AND proposed_by_id = tocsin_member() AND signed IS NULL)",
            update=f"{_SELF} OR (review_leads(body_id) AND proposed_by_id <> tocsin_member() AND (signed_by_id IS NULL OR signed_by_id = tocsin_member()))",
        ),
        _told("review_standard"),
        "CREATE TRIGGER guarded BEFORE UPDATE ON review_standard FOR EACH ROW EXECUTE FUNCTION review_guard_standard();",
        _policies(
            "review_panel", True, select=f"{_SELF} OR made_by_id = tocsin_member() OR id IN (SELECT review_my_seats())",
            insert=f"{_SELF} OR (review_leads(body_id) AND made_by_id = tocsin_member())",
            update=f"{_SELF} OR id IN (SELECT review_my_convened())",
        ),
        _told("review_panel"),
        "CREATE TRIGGER guarded BEFORE UPDATE ON review_panel FOR EACH ROW EXECUTE FUNCTION review_guard_panel();",
        # the policies of other tables read these three, so their owner is not bound; the web's role is
        _policies(
            "review_seat", False, select=f"{_SELF} OR member_id = tocsin_member() OR panel_id IN (SELECT review_my_seats())",
            insert=f"{_SELF} OR {_CONVENED} OR (member_id = tocsin_member() AND role = 'convener' AND EXISTS ("
            "SELECT FROM review_panel p WHERE p.id = panel_id AND p.made_by_id = tocsin_member()))",
            update=f"{_SELF} OR {_CONVENED} OR (member_id = tocsin_member() AND ended IS NULL)",
        ),
        _told("review_seat"),
        _policies(
            "review_tie", False,
            select=f"{_SELF} OR member_id = tocsin_member() OR EXISTS (SELECT FROM review_seat s WHERE s.member_id = review_tie.member_id "
            "AND s.panel_id IN (SELECT review_my_convened()))",
            insert=f"{_SELF} OR member_id = tocsin_member()",
            update=f"{_SELF} OR (member_id <> tocsin_member() AND EXISTS (SELECT FROM review_seat s "
            "WHERE s.member_id = review_tie.member_id AND s.panel_id IN (SELECT review_my_convened())))",
        ),
        _policies(
            "review_assignment", False,
            select=f"{_SELF} OR EXISTS (SELECT FROM review_seat s WHERE s.id = seat_id AND s.member_id = tocsin_member()) OR {_CONVENED_CASE} "
            f"OR {_OPENED}",
            insert=f"{_SELF} OR {_CONVENED_CASE}", update=f"{_SELF} OR {_CONVENED_CASE}",
        ),
        _told("review_assignment"),
        "CREATE TRIGGER guarded BEFORE INSERT OR UPDATE ON review_assignment FOR EACH ROW EXECUTE FUNCTION review_guard_assignment();",
        _policies(
            "review_case", True,
            select=f"{_SELF} OR (({_CONVENED} OR id IN (SELECT review_my_assigned())) AND id NOT IN (SELECT review_tied_cases_of(tocsin_member())) "
            "AND provider_id NOT IN (SELECT review_ties_of(tocsin_member())) AND NOT also ?| ARRAY(SELECT review_ties_of(tocsin_member())))",
            insert=f"{_SELF} OR {_CONVENED}", update=f"{_SELF} OR {_CONVENED}",
        ),
        _told("review_case"),
        "CREATE TRIGGER guarded BEFORE UPDATE ON review_case FOR EACH ROW EXECUTE FUNCTION review_guard_case();",
        _policies("review_event", True, select=f"{_SELF} OR {_BY_CASE}", insert=f"{_SELF} OR {_CONVENED_CASE}", update=f"{_SELF} OR {_CONVENED_CASE}"),
        _told("review_event"),
        # not even Tocsin itself reads a grading before the blind phase is over
        _policies(
            "review_grading", True,
            select="(member_id = tocsin_member() AND case_id IN (SELECT review_my_assigned()) AND review_sees_case(case_id)) "
            f"OR {_OPENED}",
            insert="member_id = tocsin_member() AND final IS NULL AND review_sees_case(case_id) AND EXISTS (SELECT FROM review_assignment a "
            "JOIN review_seat s ON s.id = a.seat_id WHERE a.id = assignment_id AND a.case_id = review_grading.case_id "
            "AND s.member_id = tocsin_member() AND s.ended IS NULL AND a.withdrawn IS NULL AND a.final IS NULL)",
            update="member_id = tocsin_member() AND final IS NULL AND case_id IN (SELECT review_my_unfinished()) AND review_sees_case(case_id)",
            check="member_id = tocsin_member()",
        ),
        "CREATE TRIGGER guarded BEFORE UPDATE ON review_grading FOR EACH ROW EXECUTE FUNCTION review_guard_grading();",
        "CREATE TRIGGER final AFTER UPDATE OF final ON review_grading FOR EACH ROW WHEN (NEW.final IS NOT NULL AND OLD.final IS NULL) "
        "EXECUTE FUNCTION review_grading_final();",
        _told("review_grading", "UPDATE OF final"),
        _policies(
            "review_position", True, select=_OPENED,
            insert=f"{_OPENED} AND EXISTS (SELECT FROM review_assignment a JOIN review_seat s ON s.id = a.seat_id WHERE a.id = assignment_id "
            "AND a.case_id = review_position.case_id AND s.member_id = tocsin_member() AND a.final IS NOT NULL AND a.withdrawn IS NULL)",
        ),
        _kept("review_position"), _told("review_position"),
        _policies(
            "review_consensus", True, select=f"{_SELF} OR {_BY_CASE}",
            insert=f"{_CONVENED_CASE} AND by_id = tocsin_member() AND review_may('agreed', case_id)",
        ),
        _kept("review_consensus"), _told("review_consensus"),
        *(
            _policies(
                table, True, select="EXISTS (SELECT FROM review_consensus k WHERE k.id = consensus_id)",
                insert="EXISTS (SELECT FROM review_consensus k WHERE k.id = consensus_id AND k.by_id = tocsin_member())",
            ) + _kept(table)
            for table in ("review_agreed_standard", "review_agreed_factor")
        ),
        # the family's own: read by them and by those on the case; written by them and by the convener, through Tocsin
        _policies("review_family", True, select=f"{_SELF} OR id = tocsin_raiser() OR {_BY_CASE}", insert=f"{_SELF}", update=f"{_SELF}"),
        _policies("review_question", True, select=f"{_SELF} OR family_id = tocsin_raiser() OR {_BY_CASE}", insert=f"{_SELF}", update=f"{_SELF}"),
        _told("review_question"),
        _policies(
            "review_answer", True,
            select=f"{_SELF} OR {_BY_CASE} OR EXISTS (SELECT FROM review_question q WHERE q.id = question_id AND q.family_id = tocsin_raiser())",
            insert=f"{_SELF}",
        ),
        _kept("review_answer"), _told("review_answer"),
        _policies("review_import", True, select=f"{_SELF} OR {_CONVENED}", insert=f"{_SELF} OR {_CONVENED}", update=f"{_SELF}"),
        _policies("review_findings", True, select=f"{_SELF} OR panel_id IN (SELECT review_my_seats())", insert=f"{_SELF} OR {_CONVENED}"),
        _kept("review_findings"), _told("review_findings"),
    )
)  # fmt: skip
