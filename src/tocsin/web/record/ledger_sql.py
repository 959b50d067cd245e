"""What the database does for the ledger by itself: number, link, hash, and refuse to change."""

FORWARD = r"""
CREATE SEQUENCE record_entry_number;

CREATE FUNCTION record_link() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE head record_chain%ROWTYPE;
BEGIN
    IF NEW.chain ~ '[\n\r]' OR NEW.what ~ '[\n\r]' OR NEW.body ~ '[\n\r]' OR NEW.payload ~ '[\n\r]' THEN
        RAISE EXCEPTION 'an entry holds a line break';
    END IF;
    INSERT INTO record_chain (chain, seq, hash, at) VALUES (NEW.chain, 0, repeat('0', 64), NEW.at) ON CONFLICT (chain) DO NOTHING;
    SELECT * INTO head FROM record_chain WHERE chain = NEW.chain FOR UPDATE;
    -- only now: a number given before the chain was ours could appear behind a checkpoint
    NEW.id := nextval('record_entry_number');
    NEW.seq := head.seq + 1;
    NEW.at := greatest(NEW.at, head.at);
    NEW.previous := head.hash;
    NEW.transaction := pg_current_xact_id()::text::bigint;
    NEW.hash := encode(sha256(convert_to(record_text(NEW), 'UTF8')), 'hex');
    UPDATE record_chain SET seq = NEW.seq, hash = NEW.hash, at = NEW.at WHERE chain = NEW.chain;
    RETURN NEW;
END $$;

CREATE FUNCTION record_text(e record_entry) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT concat_ws(E'\n', 'tocsin-entry-1', e.chain, e.seq::text,
        to_char(e.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
        coalesce(e.member::text, ''), e.body, e.what, e.payload, e.previous)
$$;

CREATE FUNCTION record_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the record is only added to: % of % is refused', TG_OP, TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$;

-- a checkpoint reads the heads while nobody writes
CREATE FUNCTION record_heads_locked() RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN LOCK TABLE record_chain IN SHARE MODE; END $$;

-- a demo's clock: how many seconds it is ahead of the real one
CREATE TABLE record_demo_clock (id integer PRIMARY KEY CHECK (id = 1), seconds double precision NOT NULL);

CREATE TRIGGER entry_link BEFORE INSERT ON record_entry FOR EACH ROW EXECUTE FUNCTION record_link();
CREATE TRIGGER entry_kept BEFORE UPDATE OR DELETE ON record_entry FOR EACH ROW EXECUTE FUNCTION record_refuse();
CREATE TRIGGER entry_not_emptied BEFORE TRUNCATE ON record_entry FOR EACH STATEMENT EXECUTE FUNCTION record_refuse();
CREATE TRIGGER checkpoint_kept BEFORE UPDATE OR DELETE ON record_checkpoint FOR EACH ROW EXECUTE FUNCTION record_refuse();
CREATE TRIGGER checkpoint_not_emptied BEFORE TRUNCATE ON record_checkpoint FOR EACH STATEMENT EXECUTE FUNCTION record_refuse();
CREATE TRIGGER attachment_kept BEFORE UPDATE OR DELETE ON record_attachment FOR EACH ROW EXECUTE FUNCTION record_refuse();

-- who acts in this session: a member's id, 'raiser:<id>', 'tocsin' (the clock and other parts of Tocsin), or '' for nobody
CREATE FUNCTION tocsin_acting() RETURNS text LANGUAGE sql STABLE AS $$
    SELECT coalesce(current_setting('tocsin.acting', true), '')
$$;
CREATE FUNCTION tocsin_acts_itself() RETURNS boolean LANGUAGE sql STABLE AS $$ SELECT tocsin_acting() = 'tocsin' $$;

-- until the hall says more, only Tocsin itself reads and writes
CREATE FUNCTION tocsin_reads_chain(chain text) RETURNS boolean LANGUAGE plpgsql STABLE AS $$ BEGIN RETURN tocsin_acts_itself(); END $$;
CREATE FUNCTION tocsin_writes_chain(chain text, what text) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
    BEGIN RETURN tocsin_acts_itself(); END $$;

ALTER TABLE record_entry ENABLE ROW LEVEL SECURITY;
ALTER TABLE record_entry FORCE ROW LEVEL SECURITY;
CREATE POLICY entry_read ON record_entry FOR SELECT USING ((SELECT tocsin_acts_itself()) OR tocsin_reads_chain(chain));
CREATE POLICY entry_write ON record_entry FOR INSERT WITH CHECK (tocsin_writes_chain(chain, what));
ALTER TABLE record_attachment ENABLE ROW LEVEL SECURITY;
ALTER TABLE record_attachment FORCE ROW LEVEL SECURITY;
CREATE POLICY attachment_read ON record_attachment FOR SELECT USING (tocsin_reads_chain(chain));
CREATE POLICY attachment_write ON record_attachment FOR INSERT WITH CHECK (tocsin_writes_chain(chain, 'evidence-given'));
"""

ENTRIES = r"""
-- all entries of a chain, for whoever may read the chain. Asked once and then read as Tocsin itself: asked for each row, a long history takes
-- ten times as long. Where something fails in between, the setting falls back with the statement.
CREATE FUNCTION record_entries(asked text) RETURNS SETOF record_entry LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE before text := tocsin_acting();
BEGIN
    IF NOT tocsin_reads_chain(asked) THEN RETURN; END IF;
    PERFORM set_config('tocsin.acting', 'tocsin', true);
    RETURN QUERY SELECT * FROM record_entry e WHERE e.chain = asked ORDER BY e.seq;
    PERFORM set_config('tocsin.acting', before, true);
END $$;
"""
BACKWARD = "SELECT 1/0  -- the record is not taken back"
