"""The database's own answer for the lists from which panels draw, and from which stratum each case came."""

from tocsin.web.review.policy_sql import kept, policies, told

_SELF = "(SELECT tocsin_acts_itself())"
_CONVENED = "panel_id IN (SELECT review_my_convened())"
_UNTIED = (
    "EXISTS (SELECT FROM review_frame f WHERE f.id = frame_id AND f.panel_id IN (SELECT review_my_convened()) "
    "AND NOT f.providers ?| ARRAY(SELECT review_ties_of(tocsin_member())))"
)

FRAMES = """
-- what was drawn stays drawn: more may be drawn by the same seed, and nothing of the list changes
CREATE FUNCTION review_guard_frame() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.ended IS NOT NULL OR (NEW.ended IS NOT NULL AND OLD.seed IS NOT NULL) OR NEW.panel_id <> OLD.panel_id OR NEW.strata <> OLD.strata
       OR NEW.providers <> OLD.providers OR NEW.digest <> OLD.digest OR (OLD.seed IS NOT NULL AND NEW.seed IS DISTINCT FROM OLD.seed)
       OR EXISTS (SELECT FROM jsonb_each_text(OLD.sizes) o WHERE coalesce((NEW.sizes ->> o.key)::bigint, 0) < o.value::bigint) THEN
        RAISE EXCEPTION 'a list and what was drawn from it are kept' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
CREATE FUNCTION review_strata_of(panel bigint) RETURNS TABLE (number bigint, stratum text) LANGUAGE plpgsql
STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
DECLARE before text := tocsin_acting();
BEGIN
    PERFORM set_config('tocsin.acting', 'tocsin', true);
    RETURN QUERY SELECT dense_rank() OVER (ORDER BY c.id), c.stratum::text FROM review_case c WHERE c.panel_id = panel;
    PERFORM set_config('tocsin.acting', before, true);
END $$;
REVOKE EXECUTE ON FUNCTION review_strata_of FROM PUBLIC;
CREATE FUNCTION review_panel_strata(panel bigint) RETURNS TABLE (number bigint, stratum text) LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = public, pg_temp AS $$ SELECT * FROM review_strata_of(panel) WHERE review_sits_in(panel) $$;
""" + "\n".join(
    (
        policies(
            "review_frame", True, select=f"{_SELF} OR panel_id IN (SELECT review_my_seats())",
            insert=f"{_CONVENED} AND by_id = tocsin_member() AND seed IS NULL", update=_CONVENED,
        ),
        told("review_frame"),
        "CREATE TRIGGER guarded BEFORE UPDATE ON review_frame FOR EACH ROW EXECUTE FUNCTION review_guard_frame();",
        policies("review_frame_list", True, select=_UNTIED, insert=_UNTIED),
        kept("review_frame_list"),
    )
)  # fmt: skip
