"""Who may see and change what, said by the database itself: the same as web/people/permissions.py has it for the register."""

_REPORT_OF_ITEM = "SELECT i.report_id FROM learn_item i WHERE i.id = {item}"
_KEPT = (
    "learn_report",
    "learn_passage",
    "learn_item",
    "learn_status",
    "learn_link",
    "learn_coding",
    "learn_relation",
    "learn_push",
    "learn_draft_version",
)
_CLOSING = "'shown-to-work', 'shown-not-to-work', 'superseded', 'merged'"

FUNCTIONS = (
    rf"""
-- bodies for which the acting member works, and those for which they lead
CREATE FUNCTION learn_working() RETURNS SETOF bigint LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT body_id FROM people_membership WHERE member_id = tocsin_member() AND ended IS NULL AND role IN ('lead', 'member')
$$;
CREATE FUNCTION learn_leading() RETURNS SETOF bigint LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT body_id FROM people_membership WHERE member_id = tocsin_member() AND ended IS NULL AND role = 'lead'
$$;
-- whoever leads for a national body keeps the part of the register that comes with Tocsin
CREATE FUNCTION learn_keeps_register() RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT EXISTS (SELECT FROM people_body b WHERE b.national AND b.id IN (SELECT learn_leading()))
$$;
-- whether a body is asked by an item: named itself, or of a kind that is named; the provider that the report is about answers for itself too
CREATE FUNCTION learn_asked(item bigint, body bigint) RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT EXISTS (SELECT FROM learn_addressee a JOIN people_body b ON b.id = $2
        WHERE a.item_id = $1 AND (a.body_id = b.id OR (a.body_id IS NULL AND a.kind <> '' AND a.kind = b.kind)))
      OR EXISTS (SELECT FROM learn_item i JOIN people_body b ON b.id = $2 WHERE i.id = $1 AND i.provider_id IS NOT NULL AND b.provider_id = i.provider_id)
$$;
CREATE FUNCTION learn_may(what text, item bigint) RETURNS boolean LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE i learn_item%ROWTYPE; own boolean; national boolean; asked_lead boolean; asked boolean; free boolean; works_nationally boolean; issuer boolean;
BEGIN
    IF tocsin_acts_itself() THEN RETURN true; END IF;
    IF tocsin_member() IS NULL THEN RETURN false; END IF;
    SELECT * INTO i FROM learn_item k WHERE k.id = item;
    IF NOT FOUND THEN RETURN false; END IF;
    own := i.body_id IN (SELECT learn_working());
    issuer := i.body_id IN (SELECT learn_leading());
    national := learn_keeps_register();
    works_nationally := EXISTS (SELECT FROM people_body b WHERE b.national AND b.id IN (SELECT learn_working()));
    asked_lead := EXISTS (SELECT FROM learn_leading() l WHERE learn_asked(i.id, l));
    asked := EXISTS (SELECT FROM people_membership m WHERE m.member_id = tocsin_member() AND m.ended IS NULL AND learn_asked(i.id, m.body_id));
    free := NOT EXISTS (SELECT FROM people_declaration d
        WHERE d.member_id = tocsin_member() AND d.provider_id = i.provider_id AND d.ended IS NULL);
    RETURN CASE what
        WHEN 'correct' THEN coalesce(own, false) OR (i.body_id IS NULL AND national)
        WHEN 'code' THEN coalesce(own, false) OR (i.open AND works_nationally)
        WHEN 'answer' THEN coalesce(own, false) OR (i.open AND asked_lead) OR (i.body_id IS NULL AND national)
        WHEN 'close' THEN (coalesce(issuer, false) OR (i.open AND national)) AND NOT asked AND free
        WHEN 'relate' THEN coalesce(own, false) OR (i.open AND national)
        ELSE false END;
END $$;

CREATE FUNCTION learn_guard_report() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF tocsin_acts_itself() THEN RETURN NEW; END IF;
    IF (NEW.opened IS DISTINCT FROM OLD.opened OR NEW.body_id IS DISTINCT FROM OLD.body_id OR NEW.origin <> OLD.origin)
       AND (OLD.body_id IS NULL OR NEW.body_id IS DISTINCT FROM OLD.body_id OR OLD.body_id NOT IN (SELECT learn_leading())) THEN
        RAISE EXCEPTION 'only who leads for the body that took a report in opens it' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER guarded BEFORE UPDATE ON learn_report FOR EACH ROW EXECUTE FUNCTION learn_guard_report();

CREATE FUNCTION learn_guard_item() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF tocsin_acts_itself() THEN RETURN NEW; END IF;
    IF NEW.status <> OLD.status AND NOT learn_may(CASE WHEN NEW.status IN ({_CLOSING}) THEN 'close' ELSE 'answer' END, OLD.id)
       AND NOT (NEW.status NOT IN ({_CLOSING}) AND learn_may('close', OLD.id)) THEN
        RAISE EXCEPTION 'this member may not say that item % is %', OLD.id, NEW.status USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF (NEW.accepted, NEW.accepted_on, NEW.reply, NEW.owner, NEW.actions, NEW.cost, NEW.next_review)
       IS DISTINCT FROM (OLD.accepted, OLD.accepted_on, OLD.reply, OLD.owner, OLD.actions, OLD.cost, OLD.next_review)
       AND NOT learn_may('answer', OLD.id) THEN
        RAISE EXCEPTION 'this member may not say what became of item %', OLD.id USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF (NEW.text, NEW.kind, NEW.number, NEW.page, NEW.passage_id, NEW.withdrawn, NEW.code, NEW.report_id, NEW."on", NEW.provider_id)
       IS DISTINCT FROM (OLD.text, OLD.kind, OLD.number, OLD.page, OLD.passage_id, OLD.withdrawn, OLD.code, OLD.report_id, OLD."on", OLD.provider_id)
       AND NOT learn_may('correct', OLD.id) THEN
        RAISE EXCEPTION 'this member may not correct item %', OLD.id USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF NEW.family_id IS DISTINCT FROM OLD.family_id AND NOT learn_may('relate', OLD.id) THEN
        RAISE EXCEPTION 'this member may not join item % to others', OLD.id USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF (NEW.open, NEW.body_id) IS DISTINCT FROM (OLD.open, OLD.body_id)
       AND (NEW.body_id IS DISTINCT FROM OLD.body_id OR coalesce(OLD.body_id NOT IN (SELECT learn_leading()), true)) THEN
        RAISE EXCEPTION 'only who leads for the body that took a report in opens it' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER guarded BEFORE UPDATE ON learn_item FOR EACH ROW EXECUTE FUNCTION learn_guard_item();

-- the record of a report is read by whoever sees the report, and written by whoever may do something with it or its items
CREATE FUNCTION learn_reads_chain(chain text) RETURNS boolean LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
    SELECT EXISTS (SELECT FROM learn_report r WHERE r.id = split_part($1, ':', 2)::bigint)
$$;
CREATE FUNCTION learn_writes_chain(chain text, what text) RETURNS boolean LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
    SELECT EXISTS (SELECT FROM learn_report r WHERE r.id = split_part($1, ':', 2)::bigint AND (
        r.body_id IN (SELECT learn_working()) OR (r.body_id IS NULL AND learn_keeps_register())
        OR (r.opened IS NOT NULL AND EXISTS (SELECT FROM learn_leading()))
        OR ($2 = 'coded' AND r.opened IS NOT NULL AND EXISTS (SELECT FROM people_body b WHERE b.national AND b.id IN (SELECT learn_working())))))
$$;

-- nothing that a person says of an item changes unless the same transaction tells the record of it
CREATE FUNCTION learn_must_be_told() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE report bigint; last bigint; row jsonb := to_jsonb(NEW); before text := tocsin_acting();
BEGIN
    -- whoever acts now, when the transaction ends, may not see it
    PERFORM set_config('tocsin.acting', 'tocsin', true);
    report := CASE
        WHEN TG_TABLE_NAME = 'learn_report' THEN (row ->> 'id')::bigint
        WHEN row ? 'report_id' THEN (row ->> 'report_id')::bigint
        WHEN row ? 'item_id' THEN (SELECT i.report_id FROM learn_item i WHERE i.id = (row ->> 'item_id')::bigint)
        WHEN row ? 'one_id' THEN (SELECT i.report_id FROM learn_item i WHERE i.id = (row ->> 'one_id')::bigint)
        ELSE (SELECT i.report_id FROM learn_item i JOIN learn_link l ON l.item_id = i.id WHERE l.id = (row ->> 'link_id')::bigint) END;
    PERFORM set_config('tocsin.acting', before, true);
    SELECT transaction INTO last FROM record_told WHERE chain = 'learn:' || report;
    IF last IS DISTINCT FROM pg_current_xact_id()::text::bigint THEN
        RAISE EXCEPTION 'report % was changed without an entry in the record', report USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NULL;
END $$;
"""
    + "".join(
        f"""
CREATE CONSTRAINT TRIGGER told AFTER INSERT OR UPDATE ON {table} DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (NOT tocsin_acts_itself()) EXECUTE FUNCTION learn_must_be_told();"""
        for table in ("learn_report", "learn_passage", "learn_item", "learn_status", "learn_coding", "learn_relation", "learn_push")
    )
    + "".join(f"\nCREATE TRIGGER kept BEFORE DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION record_refuse();" for table in _KEPT)
)

_ITSELF = "(SELECT tocsin_acts_itself())"
_ITEM_SEEN = "EXISTS (SELECT FROM learn_item i WHERE i.id = item_id)"


def _policy(table: str, name: str, command: str, condition: str) -> str:
    clause = {
        "SELECT": f"USING ({condition})",
        "INSERT": f"WITH CHECK ({condition})",
        "UPDATE": f"USING ({condition}) WITH CHECK ({condition})",
    }[command]
    return f"CREATE POLICY {name} ON {table} FOR {command} {clause};\n"


def _table(table: str, seen: str, added: str, changed: str | None = None) -> str:
    return (
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;\nALTER TABLE {table} FORCE ROW LEVEL SECURITY;\n"
        + _policy(table, "seen", "SELECT", f"{_ITSELF} OR {seen}")
        + _policy(table, "added", "INSERT", f"{_ITSELF} OR {added}")
        + (_policy(table, "changed", "UPDATE", f"{_ITSELF} OR {changed}") if changed else _policy(table, "changed", "UPDATE", _ITSELF))
    )


POLICIES = (
    _table(
        "learn_report",
        "opened IS NOT NULL OR body_id IN (SELECT tocsin_my_bodies())",
        "(body_id IN (SELECT learn_working()) AND opened IS NULL AND origin <> 'shipped')",
        "body_id IN (SELECT learn_working()) OR (body_id IS NULL AND (SELECT learn_keeps_register()))",
    )
    + _table(
        "learn_passage",
        "EXISTS (SELECT FROM learn_report r WHERE r.id = report_id)",
        "EXISTS (SELECT FROM learn_report r WHERE r.id = report_id AND r.body_id IN (SELECT learn_working()))",
        "EXISTS (SELECT FROM learn_report r WHERE r.id = report_id AND r.body_id IN (SELECT learn_working()))",
    )
    + _table(
        "learn_item",
        "open OR body_id IN (SELECT tocsin_my_bodies())",
        "EXISTS (SELECT FROM learn_report r WHERE r.id = report_id AND r.body_id = learn_item.body_id AND (r.opened IS NOT NULL) = open"
        " AND r.body_id IN (SELECT learn_working()))",
        "learn_may('correct', id) OR learn_may('answer', id) OR learn_may('close', id) OR learn_may('relate', id)",
    )
    + _table("learn_addressee", _ITEM_SEEN, "learn_may('correct', item_id)", "learn_may('correct', item_id)")
    + "CREATE POLICY dropped ON learn_addressee FOR DELETE USING ((SELECT tocsin_acts_itself()) OR learn_may('correct', item_id));\n"
    + _table("learn_link", _ITEM_SEEN, "learn_may('code', item_id)", "learn_may('code', item_id)")
    + _table(
        "learn_coding",
        "EXISTS (SELECT FROM learn_link l WHERE l.id = link_id)",
        "(member_id = tocsin_member() AND EXISTS (SELECT FROM learn_link l WHERE l.id = link_id AND learn_may('code', l.item_id)))",
        "(member_id = tocsin_member() AND EXISTS (SELECT FROM learn_link l WHERE l.id = link_id AND learn_may('code', l.item_id)))",
    )
    + _table(
        "learn_status",
        _ITEM_SEEN,
        f"(by_id = tocsin_member() AND (learn_may('close', item_id) OR (status NOT IN ({_CLOSING}) AND learn_may('answer', item_id))))",
    )
    + _table(
        "learn_relation",
        "(EXISTS (SELECT FROM learn_item i WHERE i.id = one_id) AND EXISTS (SELECT FROM learn_item i WHERE i.id = other_id))",
        "(learn_may('relate', one_id) AND EXISTS (SELECT FROM learn_item i WHERE i.id = other_id))",
    )
    + _table("learn_push", _ITEM_SEEN, f"(by_id = tocsin_member() AND body_id IN (SELECT learn_leading()) AND {_ITEM_SEEN})")
    + _table(
        "learn_family",
        "EXISTS (SELECT FROM learn_item i WHERE i.family_id = learn_family.id)",
        "tocsin_member() IS NOT NULL",
        "tocsin_member() IS NOT NULL",
    )
    + _table(
        "learn_draft", "body_id IN (SELECT learn_working())", "body_id IN (SELECT learn_working())", "body_id IN (SELECT learn_working())"
    )
    + _table(
        "learn_draft_version",
        "EXISTS (SELECT FROM learn_draft d WHERE d.id = draft_id)",
        "EXISTS (SELECT FROM learn_draft d WHERE d.id = draft_id)",
    )
)

SEARCH = """
-- what everybody may see, once more, for searching: an index cannot be used for words where a policy must be asked of each row first
CREATE TABLE learn_open (
    item_id bigint PRIMARY KEY, words tsvector NOT NULL, text text NOT NULL, vector halfvec(1024), "on" date, kind varchar(20) NOT NULL
);
CREATE FUNCTION learn_words(text text, title text, more text) RETURNS tsvector LANGUAGE sql IMMUTABLE AS $$
    SELECT setweight(to_tsvector('pg_catalog.english', $1), 'A') || setweight(to_tsvector('pg_catalog.simple', $1), 'B')
        || setweight(to_tsvector('pg_catalog.english', $2), 'C') || setweight(to_tsvector('pg_catalog.simple', $2 || ' ' || $3), 'D')
$$;
CREATE FUNCTION learn_show() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE title text; author text;
BEGIN
    IF NOT NEW.open OR NEW.withdrawn IS NOT NULL THEN
        DELETE FROM learn_open WHERE item_id = NEW.id;
        RETURN NULL;
    END IF;
    SELECT r.title, r.author || ' ' || r.provider_name INTO title, author FROM learn_report r WHERE r.id = NEW.report_id;
    INSERT INTO learn_open (item_id, words, text, vector, "on", kind)
        VALUES (NEW.id, learn_words(NEW.text, title, coalesce(author, '') || ' ' || NEW.number), NEW.text, NEW.vector, NEW."on", NEW.kind)
        ON CONFLICT (item_id) DO UPDATE SET words = excluded.words, text = excluded.text, vector = excluded.vector, "on" = excluded."on", kind = excluded.kind;
    RETURN NULL;
END $$;
CREATE TRIGGER shown AFTER INSERT OR UPDATE ON learn_item FOR EACH ROW EXECUTE FUNCTION learn_show();
CREATE INDEX learn_open_words ON learn_open USING gin (words);
CREATE INDEX learn_open_parts ON learn_open USING gin (text gin_trgm_ops);
CREATE INDEX learn_open_meaning ON learn_open USING hnsw (vector halfvec_cosine_ops);
"""
