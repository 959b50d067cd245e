"""Tables and indexes for searching, as migration 0003 makes them."""

SEARCH = """
DROP INDEX learn_open_meaning;
DROP INDEX learn_open_parts;
-- 512 numbers of two bytes stay in the row itself; 1,024 would each be fetched from another table
ALTER TABLE learn_item ALTER COLUMN vector TYPE halfvec(512) USING subvector(vector, 1, 512)::halfvec(512);
ALTER TABLE learn_open ALTER COLUMN vector TYPE halfvec(512) USING subvector(vector, 1, 512)::halfvec(512);
ALTER TABLE learn_item ALTER COLUMN vector SET STORAGE PLAIN;
ALTER TABLE learn_open ALTER COLUMN vector SET STORAGE PLAIN;
ALTER TABLE learn_open SET (toast_tuple_target = 4080);
-- words of what only one body sees; those of open items stand in learn_open
ALTER TABLE learn_item ADD COLUMN words tsvector GENERATED ALWAYS AS (CASE WHEN open THEN NULL ELSE learn_words(text, '', number) END) STORED;
CREATE INDEX learn_open_meaning ON learn_open USING hnsw (vector halfvec_cosine_ops);
CREATE INDEX learn_open_on ON learn_open ("on" DESC, item_id);

-- every word of open items, so that a misspelt one finds its neighbours
CREATE TABLE learn_word (word text PRIMARY KEY);
CREATE INDEX learn_word_begins ON learn_word (word text_pattern_ops);
CREATE INDEX learn_word_alike ON learn_word USING gin (word gin_trgm_ops);
ALTER TABLE learn_word ENABLE ROW LEVEL SECURITY;
CREATE POLICY seen ON learn_word FOR SELECT USING (true);
INSERT INTO learn_word SELECT DISTINCT unnest(tsvector_to_array(to_tsvector('pg_catalog.simple', text))) FROM learn_open;

CREATE OR REPLACE FUNCTION learn_show() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE title text; author text; known boolean;
BEGIN
    IF NOT NEW.open OR NEW.withdrawn IS NOT NULL THEN
        DELETE FROM learn_open WHERE item_id = NEW.id;
        RETURN NULL;
    END IF;
    known := TG_OP = 'UPDATE' AND OLD.open AND OLD.withdrawn IS NULL;
    IF known AND (NEW.text, NEW.number, NEW."on", NEW.kind, NEW.report_id) IS NOT DISTINCT FROM (OLD.text, OLD.number, OLD."on", OLD.kind, OLD.report_id) THEN
        IF NEW.measure IS DISTINCT FROM OLD.measure OR NEW.vector IS DISTINCT FROM OLD.vector THEN
            UPDATE learn_open SET vector = NEW.vector WHERE item_id = NEW.id;
        END IF;
        RETURN NULL;
    END IF;
    SELECT r.title, r.author || ' ' || r.provider_name INTO title, author FROM learn_report r WHERE r.id = NEW.report_id;
    INSERT INTO learn_open (item_id, words, text, vector, "on", kind)
        VALUES (NEW.id, learn_words(NEW.text, title, coalesce(author, '') || ' ' || NEW.number), NEW.text, NEW.vector, NEW."on", NEW.kind)
        ON CONFLICT (item_id) DO UPDATE SET words = excluded.words, text = excluded.text, vector = excluded.vector, "on" = excluded."on", kind = excluded.kind;
    INSERT INTO learn_word SELECT unnest(tsvector_to_array(to_tsvector('pg_catalog.simple', NEW.text))) ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
-- a report that is called otherwise is found by its new words
CREATE FUNCTION learn_show_again() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    UPDATE learn_open o SET words = learn_words(o.text, NEW.title, NEW.author || ' ' || NEW.provider_name || ' ' || i.number)
        FROM learn_item i WHERE i.id = o.item_id AND i.report_id = NEW.id;
    RETURN NULL;
END $$;
CREATE TRIGGER shown AFTER UPDATE OF title, author, provider_name ON learn_report FOR EACH ROW
    WHEN ((NEW.title, NEW.author, NEW.provider_name) IS DISTINCT FROM (OLD.title, OLD.author, OLD.provider_name)) EXECUTE FUNCTION learn_show_again();
"""

CHOICES = """
-- what readers choose by stands beside the words, so that no other table is asked for each candidate
ALTER TABLE learn_open ADD COLUMN status varchar(20) NOT NULL DEFAULT 'unknown', ADD COLUMN accepted varchar(30) NOT NULL DEFAULT 'unknown';
DROP INDEX learn_open_meaning;
UPDATE learn_open o SET status = i.status, accepted = i.accepted FROM learn_item i WHERE i.id = o.item_id;
CREATE INDEX learn_open_meaning ON learn_open USING hnsw (vector halfvec_cosine_ops) WITH (m = 16, ef_construction = 128);
CREATE OR REPLACE FUNCTION learn_show() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE title text; author text; known boolean;
BEGIN
    IF NOT NEW.open OR NEW.withdrawn IS NOT NULL THEN
        DELETE FROM learn_open WHERE item_id = NEW.id;
        RETURN NULL;
    END IF;
    known := TG_OP = 'UPDATE' AND OLD.open AND OLD.withdrawn IS NULL;
    IF known AND (NEW.text, NEW.number, NEW.report_id) IS NOT DISTINCT FROM (OLD.text, OLD.number, OLD.report_id) THEN
        UPDATE learn_open o SET vector = NEW.vector, "on" = NEW."on", kind = NEW.kind, status = NEW.status, accepted = NEW.accepted
            WHERE o.item_id = NEW.id AND (o.vector, o."on", o.kind, o.status, o.accepted)
                IS DISTINCT FROM (NEW.vector, NEW."on", NEW.kind, NEW.status, NEW.accepted);
        RETURN NULL;
    END IF;
    SELECT r.title, r.author || ' ' || r.provider_name INTO title, author FROM learn_report r WHERE r.id = NEW.report_id;
    INSERT INTO learn_open (item_id, words, text, vector, "on", kind, status, accepted)
        VALUES (NEW.id, learn_words(NEW.text, title, coalesce(author, '') || ' ' || NEW.number), NEW.text, NEW.vector, NEW."on", NEW.kind,
            NEW.status, NEW.accepted)
        ON CONFLICT (item_id) DO UPDATE SET words = excluded.words, text = excluded.text, vector = excluded.vector, "on" = excluded."on", kind = excluded.kind,
            status = excluded.status, accepted = excluded.accepted;
    INSERT INTO learn_word SELECT unnest(tsvector_to_array(to_tsvector('pg_catalog.simple', NEW.text))) ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
"""
