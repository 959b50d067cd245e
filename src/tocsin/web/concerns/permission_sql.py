"""The database's own answer to who may see and do what: the same as web/people/permissions.py, said a second time."""

from tocsin.web.people.permissions import ANY_LEAD, ANY_OTHER, ANYONE, HOLDER, INDEPENDENT

_OF_CONCERN = ("concerns_signal", "concerns_action", "concerns_information", "concerns_takeover", "concerns_effect", "concerns_passed")


def _words(acts: frozenset[str]) -> str:
    return ", ".join(f"'{a}'" for a in sorted(acts))


MAY = rf"""CREATE OR REPLACE FUNCTION tocsin_may(what text, concern bigint) RETURNS boolean LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = public, pg_temp AS $$
DECLARE c concerns_concern%ROWTYPE; leads boolean; leads_other boolean; leads_holder boolean; works boolean; works_other boolean;
        leads_own boolean; free boolean; of_holder boolean;
BEGIN
    IF tocsin_acts_itself() THEN RETURN true; END IF;
    IF what = 'raiser-answered' THEN RETURN coalesce(tocsin_raiser_concern() = concern, false); END IF;
    IF tocsin_member() IS NULL THEN RETURN false; END IF;
    SELECT * INTO c FROM concerns_concern k WHERE k.id = concern;
    IF NOT FOUND OR c.closed IS NOT NULL THEN RETURN false; END IF;
    SELECT coalesce(bool_or(m.role = 'lead'), false),
           coalesce(bool_or(m.role = 'lead' AND b.provider_id IS DISTINCT FROM c.provider_id), false),
           coalesce(bool_or(m.role = 'lead' AND b.provider_id IS DISTINCT FROM c.provider_id AND b.id = c.holder_id), false),
           coalesce(bool_or(m.role IN ('lead', 'member')), false),
           coalesce(bool_or(m.role IN ('lead', 'member') AND b.provider_id IS DISTINCT FROM c.provider_id), false),
           coalesce(bool_or(m.role = 'lead' AND b.provider_id = c.provider_id), false)
      INTO leads, leads_other, leads_holder, works, works_other, leads_own
      FROM people_membership m JOIN people_body b ON b.id = m.body_id
     WHERE m.member_id = tocsin_member() AND m.ended IS NULL AND m.role <> 'administrator'
       AND tocsin_sees_through(b.id, c.provider_id, c.restricted, c.id, c.holder_id, c.opened_by_id);
    free := NOT EXISTS (SELECT FROM people_declaration d
        WHERE d.member_id = tocsin_member() AND d.provider_id = c.provider_id AND d.ended IS NULL)
        AND NOT EXISTS (SELECT FROM people_membership m JOIN people_body b ON b.id = m.body_id
        WHERE m.member_id = tocsin_member() AND m.ended IS NULL AND b.provider_id = c.provider_id);
    of_holder := EXISTS (SELECT FROM people_membership m WHERE m.member_id = tocsin_member() AND m.ended IS NULL AND m.body_id = c.holder_id);
    RETURN CASE
        WHEN what IN ({_words(HOLDER)}) THEN free AND leads_holder
        WHEN what = 'conflict-declared' THEN leads_holder
        WHEN what IN ({_words(INDEPENDENT)}) THEN free AND leads_other AND NOT of_holder
        WHEN what = 'taken-over' THEN free AND leads_other
        WHEN what IN ({_words(ANY_LEAD)}) THEN leads
        WHEN what IN ({_words(ANY_OTHER)}) THEN works_other
        WHEN what = 'information-given' THEN leads_own
        WHEN what IN ({_words(ANYONE)}, 'raised') THEN works
        ELSE false END;
END $$;
"""
"""Whether the acting member may do something with a concern. Replaced by a migration of its own where what may be done grows."""

FUNCTIONS = rf"""
CREATE FUNCTION tocsin_member() RETURNS uuid LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN tocsin_acting() ~ '^[0-9a-f-]{{36}}$' THEN tocsin_acting()::uuid END
$$;
CREATE FUNCTION tocsin_raiser() RETURNS uuid LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN tocsin_acting() ~ '^raiser:[0-9a-f-]{{36}}$' THEN substr(tocsin_acting(), 8)::uuid END
$$;
-- bodies for which the acting member reads: every role but the administrator's
CREATE FUNCTION tocsin_my_bodies() RETURNS SETOF bigint LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT body_id FROM people_membership WHERE member_id = tocsin_member() AND ended IS NULL AND role <> 'administrator'
$$;
CREATE FUNCTION tocsin_my_providers() RETURNS SETOF varchar LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT p.code FROM people_provider p WHERE EXISTS (SELECT FROM people_body b WHERE b.national AND b.id IN (SELECT tocsin_my_bodies()))
    UNION SELECT c.provider_id FROM people_coverage c WHERE c.body_id IN (SELECT tocsin_my_bodies())
    UNION SELECT b.provider_id FROM people_body b WHERE b.provider_id IS NOT NULL AND b.id IN (SELECT tocsin_my_bodies())
$$;
CREATE FUNCTION tocsin_my_restricted() RETURNS SETOF bigint LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT concern_id FROM concerns_part WHERE body_id IN (SELECT tocsin_my_bodies())
$$;
CREATE FUNCTION tocsin_my_own() RETURNS SETOF varchar LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT b.provider_id FROM people_body b WHERE b.provider_id IS NOT NULL AND b.id IN (SELECT tocsin_my_bodies())
$$;
-- a restricted concern is seen through a body that takes part and is not the provider's own
CREATE FUNCTION tocsin_sees_through(body bigint, provider varchar, restricted boolean, concern bigint, holder bigint, opener bigint)
RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT CASE WHEN $3
        THEN ($1 = $5 OR $1 = $6 OR EXISTS (SELECT FROM concerns_part p WHERE p.concern_id = $4 AND p.body_id = $1)) IS TRUE
             AND NOT EXISTS (SELECT FROM people_body b WHERE b.id = $1 AND b.provider_id = $2)
        ELSE EXISTS (SELECT FROM people_body b WHERE b.id = $1 AND (b.national OR b.provider_id = $2))
             OR EXISTS (SELECT FROM people_coverage c WHERE c.body_id = $1 AND c.provider_id = $2)
        END
$$;
CREATE FUNCTION tocsin_sees_concern(concern bigint) RETURNS boolean LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
    SELECT EXISTS (SELECT FROM concerns_concern c WHERE c.id = $1)
$$;
CREATE FUNCTION tocsin_raiser_concern() RETURNS bigint LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT concern_id FROM concerns_raiser WHERE id = tocsin_raiser()
$$;

{MAY}

CREATE OR REPLACE FUNCTION tocsin_reads_chain(chain text) RETURNS boolean LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
BEGIN
    IF tocsin_acts_itself() THEN RETURN true; END IF;
    IF chain LIKE 'concern:%' THEN
        RETURN tocsin_sees_concern(substr(chain, 9)::bigint) OR coalesce(tocsin_raiser_concern() = substr(chain, 9)::bigint, false);
    END IF;
    RETURN tocsin_member() IS NOT NULL AND EXISTS (SELECT FROM people_membership m
        WHERE m.member_id = tocsin_member() AND m.ended IS NULL AND m.role IN ('auditor', 'administrator'));
END $$;
CREATE OR REPLACE FUNCTION tocsin_writes_chain(chain text, what text) RETURNS boolean LANGUAGE plpgsql STABLE
SET search_path = public, pg_temp AS $$
BEGIN
    IF tocsin_acts_itself() THEN RETURN true; END IF;
    IF chain LIKE 'concern:%' THEN RETURN tocsin_may(what, substr(chain, 9)::bigint); END IF;
    RETURN false;
END $$;

CREATE TABLE concerns_exists (id bigint PRIMARY KEY, provider_id varchar(50) NOT NULL, opened timestamptz NOT NULL, closed timestamptz);
-- that a restricted concern about a provider for whom one answers exists, and no more
CREATE FUNCTION tocsin_hidden_concerns() RETURNS TABLE (provider varchar, opened date, open boolean) LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = public, pg_temp AS $$
    SELECT c.provider_id, (c.opened AT TIME ZONE 'Europe/London')::date, c.closed IS NULL FROM concerns_exists c
     WHERE c.provider_id IN (SELECT tocsin_my_providers())
       AND NOT (c.id IN (SELECT tocsin_my_restricted()) AND c.provider_id NOT IN (SELECT tocsin_my_own()))
$$;

CREATE FUNCTION concerns_take_part() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO concerns_part (concern_id, body_id)
        SELECT NEW.id, b FROM unnest(ARRAY[NEW.holder_id, NEW.opened_by_id]) b WHERE b IS NOT NULL ON CONFLICT DO NOTHING;
    IF NEW.restricted THEN
        INSERT INTO concerns_exists VALUES (NEW.id, NEW.provider_id, NEW.opened, NEW.closed)
            ON CONFLICT (id) DO UPDATE SET closed = excluded.closed;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER concern_parts AFTER INSERT OR UPDATE ON concerns_concern FOR EACH ROW EXECUTE FUNCTION concerns_take_part();

-- no concern changes unless the same transaction tells the record of it
CREATE FUNCTION concerns_must_be_told() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE concern bigint; last bigint;
BEGIN
    concern := (to_jsonb(NEW) ->> CASE WHEN TG_TABLE_NAME = 'concerns_concern' THEN 'id' ELSE 'concern_id' END)::bigint;
    SELECT transaction INTO last FROM record_told WHERE chain = 'concern:' || concern;
    IF last IS DISTINCT FROM pg_current_xact_id()::text::bigint THEN
        RAISE EXCEPTION 'concern % was changed without an entry in the record', concern USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NULL;
END $$;
"""

OWED = """
ALTER TABLE concerns_owed ENABLE ROW LEVEL SECURITY;
ALTER TABLE concerns_owed FORCE ROW LEVEL SECURITY;
CREATE POLICY seen ON concerns_owed FOR SELECT USING (EXISTS (SELECT FROM concerns_concern c WHERE c.id = concern_id));
CREATE POLICY reckoned ON concerns_owed USING ((SELECT tocsin_acts_itself()));
"""

TENURE = OWED.replace("concerns_owed", "concerns_tenure")

TABLES = "\n".join(
    f"""
ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
ALTER TABLE {table} FORCE ROW LEVEL SECURITY;
CREATE POLICY seen ON {table} USING (EXISTS (SELECT FROM concerns_concern c WHERE c.id = concern_id));
CREATE CONSTRAINT TRIGGER told AFTER INSERT OR UPDATE ON {table} DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION concerns_must_be_told();
CREATE TRIGGER kept BEFORE DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION record_refuse();
"""
    for table in _OF_CONCERN
)

POLICIES = """
-- which transaction last told the record of a chain
CREATE TABLE record_told (chain varchar(100) PRIMARY KEY, transaction bigint NOT NULL);
CREATE FUNCTION record_tell() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO record_told VALUES (NEW.chain, NEW.transaction) ON CONFLICT (chain) DO UPDATE SET transaction = excluded.transaction;
    RETURN NULL;
END $$;
CREATE TRIGGER entry_told AFTER INSERT ON record_entry FOR EACH ROW EXECUTE FUNCTION record_tell();

ALTER TABLE concerns_concern ENABLE ROW LEVEL SECURITY;
ALTER TABLE concerns_concern FORCE ROW LEVEL SECURITY;
CREATE POLICY seen ON concerns_concern USING (
    (SELECT tocsin_acts_itself())
    OR (NOT restricted AND provider_id IN (SELECT tocsin_my_providers()))
    OR (restricted AND provider_id NOT IN (SELECT tocsin_my_own()) AND (
        holder_id IN (SELECT tocsin_my_bodies()) OR opened_by_id IN (SELECT tocsin_my_bodies()) OR id IN (SELECT tocsin_my_restricted()))));
CREATE CONSTRAINT TRIGGER told AFTER INSERT OR UPDATE ON concerns_concern DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION concerns_must_be_told();
CREATE TRIGGER kept BEFORE DELETE ON concerns_concern FOR EACH ROW EXECUTE FUNCTION record_refuse();

ALTER TABLE concerns_part ENABLE ROW LEVEL SECURITY;
CREATE POLICY seen ON concerns_part FOR SELECT USING (tocsin_sees_concern(concern_id));
ALTER TABLE concerns_exists ENABLE ROW LEVEL SECURITY;
ALTER TABLE concerns_criterion ENABLE ROW LEVEL SECURITY;
ALTER TABLE concerns_criterion FORCE ROW LEVEL SECURITY;
CREATE POLICY seen ON concerns_criterion USING (EXISTS (SELECT FROM concerns_takeover t WHERE t.id = take_over_id));
ALTER TABLE concerns_information_joined ENABLE ROW LEVEL SECURITY;
ALTER TABLE concerns_information_joined FORCE ROW LEVEL SECURITY;
CREATE POLICY seen ON concerns_information_joined USING (EXISTS (SELECT FROM concerns_information i WHERE i.id = informationrequest_id));

-- an account from outside is read by the holder and those who held it, never through the provider's own body; and by the raiser
ALTER TABLE concerns_raiser ENABLE ROW LEVEL SECURITY;
ALTER TABLE concerns_raiser FORCE ROW LEVEL SECURITY;
CREATE POLICY seen ON concerns_raiser USING (
    tocsin_acts_itself() OR id = tocsin_raiser()
    OR (concern_id IN (SELECT tocsin_my_restricted()) AND tocsin_sees_concern(concern_id)
        AND NOT EXISTS (SELECT FROM concerns_concern c WHERE c.id = concern_id AND c.provider_id IN (SELECT tocsin_my_own()))));
ALTER TABLE concerns_telling ENABLE ROW LEVEL SECURITY;
ALTER TABLE concerns_telling FORCE ROW LEVEL SECURITY;
CREATE POLICY seen ON concerns_telling USING (EXISTS (SELECT FROM concerns_raiser r WHERE r.id = raiser_id));
ALTER TABLE concerns_link ENABLE ROW LEVEL SECURITY;
ALTER TABLE concerns_link FORCE ROW LEVEL SECURITY;
CREATE POLICY seen ON concerns_link USING (tocsin_sees_concern(one_id) AND tocsin_sees_concern(other_id));
ALTER TABLE concerns_publication ENABLE ROW LEVEL SECURITY;
ALTER TABLE concerns_publication FORCE ROW LEVEL SECURITY;
CREATE POLICY read_by_all ON concerns_publication FOR SELECT USING (true);
CREATE POLICY written ON concerns_publication FOR INSERT WITH CHECK (tocsin_may('published', concern_id));
"""

ROOMS = r"""
-- a room answers for its own chains: 'review:...' is asked of review_reads_chain(text) and review_writes_chain(text, text), where they are
CREATE OR REPLACE FUNCTION tocsin_reads_chain(chain text) RETURNS boolean LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
DECLARE room text := split_part(chain, ':', 1); answer boolean;
BEGIN
    IF tocsin_acts_itself() THEN RETURN true; END IF;
    IF room = 'concern' THEN
        RETURN tocsin_sees_concern(substr(chain, 9)::bigint) OR coalesce(tocsin_raiser_concern() = substr(chain, 9)::bigint, false);
    END IF;
    IF room ~ '^[a-z]+$' AND to_regprocedure('public.' || room || '_reads_chain(text)') IS NOT NULL THEN
        EXECUTE format('SELECT public.%I($1)', room || '_reads_chain') INTO answer USING chain;
        RETURN coalesce(answer, false);
    END IF;
    RETURN tocsin_member() IS NOT NULL AND EXISTS (SELECT FROM people_membership m
        WHERE m.member_id = tocsin_member() AND m.ended IS NULL AND m.role IN ('auditor', 'administrator'));
END $$;
CREATE OR REPLACE FUNCTION tocsin_writes_chain(chain text, what text) RETURNS boolean LANGUAGE plpgsql STABLE
SET search_path = public, pg_temp AS $$
DECLARE room text := split_part(chain, ':', 1); answer boolean;
BEGIN
    IF tocsin_acts_itself() THEN RETURN true; END IF;
    IF room = 'concern' THEN RETURN tocsin_may(what, substr(chain, 9)::bigint); END IF;
    IF room ~ '^[a-z]+$' AND to_regprocedure('public.' || room || '_writes_chain(text,text)') IS NOT NULL THEN
        EXECUTE format('SELECT public.%I($1, $2)', room || '_writes_chain') INTO answer USING chain, what;
        RETURN coalesce(answer, false);
    END IF;
    RETURN false;
END $$;
"""

WITHDRAWN = """
DROP POLICY read_by_all ON concerns_publication;
CREATE POLICY read_by_all ON concerns_publication FOR SELECT USING (withdrawn IS NULL OR tocsin_acts_itself());
CREATE POLICY withdrawn ON concerns_publication FOR UPDATE USING (tocsin_acts_itself());
"""
"""What was published of a concern that turned out to be about people is read by nobody any more."""

KEPT = r"""
-- what is kept of a concern, for whoever sees it: bodies that take part, and in which tables there is something to ask for at all.
-- What each reader may see of it, the tables themselves say when they are asked.
CREATE FUNCTION concerns_kept(concern bigint) RETURNS TABLE (parts bigint[], kept text[]) LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = public, pg_temp AS $$
DECLARE before text := tocsin_acting(); provider varchar;
BEGIN
    SELECT c.provider_id INTO provider FROM concerns_concern c WHERE c.id = concern;
    IF NOT FOUND THEN RETURN; END IF;
    PERFORM set_config('tocsin.acting', 'tocsin', true);
    RETURN QUERY SELECT ARRAY(SELECT p.body_id FROM concerns_part p WHERE p.concern_id = concern), ARRAY(
        SELECT 'raisers' WHERE EXISTS (SELECT FROM concerns_raiser r WHERE r.concern_id = concern)
        UNION ALL SELECT 'actions' WHERE EXISTS (SELECT FROM concerns_action a WHERE a.concern_id = concern)
        UNION ALL SELECT 'questions' WHERE EXISTS (SELECT FROM concerns_information i WHERE i.concern_id = concern)
        UNION ALL SELECT 'asked' WHERE EXISTS (SELECT FROM concerns_information i WHERE i.provider_id = provider)
        UNION ALL SELECT 'take-overs' WHERE EXISTS (SELECT FROM concerns_takeover t WHERE t.concern_id = concern)
        UNION ALL SELECT 'effects' WHERE EXISTS (SELECT FROM concerns_effect e WHERE e.concern_id = concern)
        UNION ALL SELECT 'publications' WHERE EXISTS (SELECT FROM concerns_publication p WHERE p.concern_id = concern)
        UNION ALL SELECT 'links' WHERE EXISTS (SELECT FROM concerns_link l WHERE concern IN (l.one_id, l.other_id))
        UNION ALL SELECT 'merged' WHERE EXISTS (SELECT FROM concerns_concern c WHERE c.merged_into_id = concern)
        UNION ALL SELECT 'files' WHERE EXISTS (SELECT FROM record_attachment f WHERE f.chain = 'concern:' || concern));
    PERFORM set_config('tocsin.acting', before, true);
END $$;

-- whether those who raised a concern were told and what they answered, for whoever sees the concern; who they are is not said
CREATE FUNCTION concerns_answers(concern bigint) RETURNS TABLE (told timestamptz, answer varchar) LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = public, pg_temp AS $$
DECLARE before text := tocsin_acting();
BEGIN
    IF NOT tocsin_sees_concern(concern) THEN RETURN; END IF;
    PERFORM set_config('tocsin.acting', 'tocsin', true);
    RETURN QUERY SELECT r.told, r.answer FROM concerns_raiser r WHERE r.concern_id = concern AND r.erased IS NULL;
    PERFORM set_config('tocsin.acting', before, true);
END $$;
"""
