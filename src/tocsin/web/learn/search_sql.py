"""What search asks the database. Of what is open every row is searched; of what is closed only the rows of the reader's own bodies.

`{narrow}` keeps to items that fit the reader's other choices. Each part looks at a bounded number of rows, however many the register has.
"""

WORDS = "(to_tsquery('english', %(q)s) || to_tsquery('simple', %(q)s))"
# an array, so that the index of bodies is asked for these bodies and not every closed row for its body
_OWN = "NOT i.open AND i.withdrawn IS NULL AND i.body_id = ANY (ARRAY(SELECT tocsin_my_bodies()))"
_RANK = f"CASE WHEN found.words @@ {WORDS} THEN ts_rank_cd(found.words, {WORDS}) ELSE 0 END"
_COSINE = "CASE WHEN %(means)s THEN 1 - (found.vector <=> %(v)s::halfvec) ELSE 0 END"

RANKED = f"""
WITH lex AS (SELECT o.item_id, o.vector, o.words FROM learn_open o WHERE o.words @@ {WORDS} {{narrow}} LIMIT %(w)s),
sem AS (SELECT o.item_id, o.vector, o.words FROM learn_open o WHERE true {{narrow}} ORDER BY o.vector <=> %(v)s::halfvec LIMIT %(m)s),
own_lex AS (SELECT i.id AS item_id, i.vector, i.words FROM learn_item i WHERE {_OWN} AND i.words @@ {WORDS} {{narrow_own}} LIMIT %(w)s),
own_sem AS (SELECT i.id AS item_id, i.vector, i.words FROM learn_item i WHERE {_OWN} AND i.vector IS NOT NULL {{narrow_own}}
    ORDER BY i.vector <=> %(v)s::halfvec LIMIT %(m)s)
SELECT DISTINCT ON (item_id) item_id, {_COSINE}, {_RANK}
  FROM (SELECT * FROM lex UNION ALL SELECT * FROM sem UNION ALL SELECT * FROM own_lex UNION ALL SELECT * FROM own_sem) found
"""
"""So many of those that have the words, and the nearest in meaning: item, cosine, rank of its words. means: whether what was typed means anything yet."""

AMONG = f"""
SELECT found.id, {_COSINE}, {_RANK} FROM (
    SELECT i.id, i.vector, coalesce(o.words, i.words) AS words FROM learn_item i LEFT JOIN learn_open o ON o.item_id = i.id
     WHERE i.id = ANY(%(ids)s)) found
"""
"""The same for few items: each of them is compared."""

REST = f"""
SELECT item_id FROM (
    (SELECT o.item_id, o."on" FROM learn_open o WHERE o.words @@ {WORDS} AND o.item_id <> ALL(%(seen)s) {{narrow}}
      ORDER BY o."on" DESC, o.item_id LIMIT %(n)s + %(skip)s)
    UNION ALL
    SELECT i.id, i."on" FROM learn_item i WHERE {_OWN} AND i.words @@ {WORDS} AND i.id <> ALL(%(seen)s) {{narrow_own}}
) found ORDER BY "on" DESC, item_id LIMIT %(n)s OFFSET %(skip)s
"""
"""What else has the words, newest first."""

SPELT = """
SELECT typed.word, (SELECT array_agg(near.word) FROM (
    SELECT w.word FROM learn_word w WHERE w.word %% typed.word ORDER BY similarity(w.word, typed.word) DESC, w.word LIMIT 3) near)
  FROM unnest(%(typed)s::text[]) AS typed (word)
 WHERE NOT EXISTS (SELECT FROM learn_word w WHERE w.word ~>=~ typed.word AND w.word ~<~ (typed.word || chr(1114111)))
"""
"""For each word that no open item has, and with which none begins, the words that look alike."""
