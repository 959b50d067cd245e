"""What search asks the database."""

QUERY = "(to_tsquery('english', %(q)s) || to_tsquery('simple', %(q)s))"
EVERYTHING = f"""
WITH q AS (SELECT {QUERY} AS words, %(v)s::halfvec AS v),
lex AS (SELECT o.item_id, o.vector, o.words FROM learn_open o, q WHERE o.words @@ q.words LIMIT %(w)s),
sem AS (SELECT item_id, vector, words FROM learn_open ORDER BY vector <=> %(v)s::halfvec LIMIT %(m)s),
own AS (SELECT id AS item_id, vector, learn_words(text, '', number) AS words FROM learn_item
         WHERE NOT open AND withdrawn IS NULL AND body_id IN (SELECT tocsin_my_bodies()) LIMIT 5000),
own_lex AS (SELECT own.* FROM own, q WHERE own.words @@ q.words LIMIT %(w)s),
own_sem AS (SELECT * FROM own WHERE vector IS NOT NULL ORDER BY vector <=> %(v)s::halfvec LIMIT 20)
SELECT item_id, max(1 - (found.vector <=> q.v)), max(CASE WHEN found.words @@ q.words THEN ts_rank_cd(found.words, q.words) ELSE 0 END)
  FROM (SELECT * FROM lex UNION ALL SELECT * FROM sem UNION ALL SELECT * FROM own_lex UNION ALL SELECT * FROM own_sem) found, q
 GROUP BY item_id
"""
AMONG = f"""
WITH q AS (SELECT {QUERY} AS words, %(v)s::halfvec AS v)
SELECT i.id, 1 - (i.vector <=> q.v), CASE WHEN w.words @@ q.words THEN ts_rank_cd(w.words, q.words) ELSE 0 END
  FROM learn_item i LEFT JOIN learn_open o ON o.item_id = i.id CROSS JOIN q
 CROSS JOIN LATERAL (SELECT coalesce(o.words, learn_words(i.text, '', i.number)) AS words) w
 WHERE i.id = ANY(%(ids)s)
"""
PARTS = """
SELECT item_id, 1 - (vector <=> %(v)s::halfvec), word_similarity(%(t)s, text)
  FROM learn_open WHERE %(t)s <%% text ORDER BY 3 DESC LIMIT %(p)s
"""
