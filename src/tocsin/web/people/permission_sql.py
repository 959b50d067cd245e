"""The database's own answer to who may see and change what is kept of people: the same as permissions.py has it, said a second time.

Row-level security is not forced on the owner of these tables: the functions below, which run with its rights, are how a policy looks at
roles without asking itself. The web's role owns nothing and is bound.
"""

_ITSELF = "(SELECT tocsin_acts_itself())"
_ME = "(SELECT tocsin_member())"

FUNCTIONS = r"""
-- bodies in which the acting member has any role, and those that they administer or lead
CREATE FUNCTION people_my_bodies() RETURNS SETOF bigint LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT body_id FROM people_membership WHERE member_id = tocsin_member() AND ended IS NULL
$$;
CREATE FUNCTION people_administered() RETURNS SETOF bigint LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT body_id FROM people_membership WHERE member_id = tocsin_member() AND ended IS NULL AND role = 'administrator'
$$;
CREATE FUNCTION people_led() RETURNS SETOF bigint LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT body_id FROM people_membership WHERE member_id = tocsin_member() AND ended IS NULL AND role = 'lead'
$$;
-- who has a role now in a body that the acting member administers
CREATE FUNCTION people_in_my_care() RETURNS SETOF uuid LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT member_id FROM people_membership WHERE ended IS NULL AND body_id IN (SELECT people_administered())
$$;
-- who has, or had, a role in a body in which the acting member has one
CREATE FUNCTION people_colleagues() RETURNS SETOF uuid LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT member_id FROM people_membership WHERE body_id IN (SELECT people_my_bodies())
$$;
-- e-mail addresses of a body's members, for its administrators alone
CREATE FUNCTION people_addresses(body bigint) RETURNS TABLE (member uuid, email varchar) LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = public, pg_temp AS $$
    SELECT DISTINCT p.id, p.email FROM people_member p JOIN people_membership m ON m.member_id = p.id AND m.ended IS NULL
     WHERE m.body_id = $1 AND (tocsin_acts_itself() OR $1 IN (SELECT people_administered()))
$$;
-- the one session whose key was brought: a key is a secret, and opens no other
CREATE FUNCTION people_session(key text) RETURNS SETOF django_session LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT * FROM django_session WHERE session_key = $1
$$;
-- where the acting member is signed in, without the keys that would let somebody in
CREATE FUNCTION people_my_sessions(key text) RETURNS TABLE (id integer, created_at timestamptz, ip inet, user_agent varchar, this boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT u.id, u.created_at, u.ip, u.user_agent, u.session_key = $1 FROM usersessions_usersession u
      JOIN django_session s ON s.session_key = u.session_key AND s.expire_date > now()
     WHERE u.user_id = tocsin_member()
$$;

-- a room says itself whether somebody is named in what the acting member sees of it: 'review' in review_names(uuid), where it is.
-- It runs with the rights of the one who asks, so that the room's own row-level security answers.
CREATE FUNCTION people_named_in_a_room(member uuid) RETURNS boolean LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
DECLARE asked text; answer boolean;
BEGIN
    FOREACH asked IN ARRAY ARRAY['review_names', 'learn_names'] LOOP
        IF to_regprocedure('public.' || asked || '(uuid)') IS NOT NULL THEN
            EXECUTE format('SELECT public.%I($1)', asked) INTO answer USING member;
            IF answer THEN RETURN true; END IF;
        END IF;
    END LOOP;
    RETURN false;
END $$;
-- names without addresses: of oneself, of those in one's bodies, and of those who stand beside something that one sees
CREATE VIEW people_named WITH (security_barrier) AS
    SELECT p.id, p.name FROM people_member p
     WHERE (SELECT tocsin_acts_itself()) OR p.id = (SELECT tocsin_member())
        OR ((SELECT tocsin_member()) IS NOT NULL AND (p.id IN (SELECT people_colleagues()) OR people_named_in_a_room(p.id)));

-- what was said once is kept: a row is ended, and nothing else of it changes, unless Tocsin itself does it
CREATE FUNCTION people_only_ended() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE of text := TG_ARGV[0];
BEGIN
    IF tocsin_acts_itself() THEN RETURN NEW; END IF;
    IF to_jsonb(NEW) - of IS DISTINCT FROM to_jsonb(OLD) - of OR to_jsonb(OLD) ->> of IS NOT NULL OR to_jsonb(NEW) ->> of IS NULL THEN
        RAISE EXCEPTION '% % can only be ended, once', TG_TABLE_NAME, OLD.id USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
-- of themselves a member changes the password and when they were last here
CREATE FUNCTION people_only_password() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF NOT tocsin_acts_itself() AND to_jsonb(NEW) - 'password' - 'last_login' IS DISTINCT FROM to_jsonb(OLD) - 'password' - 'last_login' THEN
        RAISE EXCEPTION 'a member is changed by Tocsin itself' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
-- no role, interest, invitation or token changes unless the same transaction tells the record of it
CREATE FUNCTION people_must_be_told() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM record_told WHERE chain = 'people' AND transaction = pg_current_xact_id()::text::bigint) THEN
        RAISE EXCEPTION '% was changed without an entry in the record', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NULL;
END $$;
"""


REACHABLE = r"""
-- which of these bodies have somebody who may act for them; who it is, is not said
CREATE FUNCTION people_reachable(bodies bigint[]) RETURNS SETOF bigint LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT DISTINCT m.body_id FROM people_membership m JOIN people_member p ON p.id = m.member_id
     WHERE m.body_id = ANY (bodies) AND m.role = 'lead' AND m.ended IS NULL AND p.is_active
$$;
"""


def _table(table: str, **of: str) -> str:
    """select, insert, update, delete: for whom else than Tocsin itself. What is not named is for Tocsin alone."""
    lines = [f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;", f"CREATE POLICY itself ON {table} USING ({_ITSELF});"]
    for command, words in of.items():
        clause = f"WITH CHECK ({words})" if command == "insert" else f"USING ({words})"
        lines.append(f"CREATE POLICY {command}s ON {table} FOR {command.upper()} {clause};")
    return "\n".join(lines)


def _ended(table: str, column: str = "ended") -> str:
    return (
        f"CREATE TRIGGER only_ended BEFORE UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION people_only_ended('{column}');\n"
        f"CREATE CONSTRAINT TRIGGER told AFTER INSERT OR UPDATE ON {table} DEFERRABLE INITIALLY DEFERRED FOR EACH ROW "
        "WHEN (NOT tocsin_acts_itself()) EXECUTE FUNCTION people_must_be_told();"
    )


_MINE = f"member_id = {_ME}"
_ADMINISTERED = "body_id IN (SELECT people_administered())"
_OF_MYSELF = f"user_id = {_ME}"

POLICIES = "\n".join(
    (
        # the map of who answers for whom is public; only Tocsin itself draws it
        _table("people_provider", select="true"),
        _table("people_body", select="true"),
        _table("people_coverage", select="true"),
        # the row holds address and password: nobody else's, not an administrator's either
        _table("people_member", select=f"id = {_ME}", update=f"id = {_ME}"),
        "CREATE TRIGGER only_password BEFORE UPDATE ON people_member FOR EACH ROW EXECUTE FUNCTION people_only_password();",
        _table(
            "people_membership",
            select=f"{_MINE} OR body_id IN (SELECT people_my_bodies())", update=f"{_MINE} OR {_ADMINISTERED}",
        ),
        _ended("people_membership"),
        _table(
            "people_declaration",
            select=f"{_MINE} OR member_id IN (SELECT people_in_my_care())", insert=f"{_MINE} AND ended IS NULL", update=_MINE,
        ),
        _ended("people_declaration"),
        _table(
            "people_invitation",
            select=_ADMINISTERED, insert=f"by_id = {_ME} AND {_ADMINISTERED} AND accepted IS NULL AND withdrawn IS NULL", update=_ADMINISTERED,
        ),
        _ended("people_invitation", "withdrawn"),
        _table(
            "people_token",
            select=f"{_MINE} OR {_ADMINISTERED}", insert=f"{_MINE} AND body_id IN (SELECT people_led()) AND ended IS NULL",
            update=f"{_MINE} OR {_ADMINISTERED}",
        ),
        _ended("people_token"),
        _table("people_tries"),
    )
)  # fmt: skip
"""What Tocsin keeps of people."""

SIGN_IN = "\n".join(
    (
        *(
            _table(table, select=_OF_MYSELF, insert=_OF_MYSELF, update=_OF_MYSELF, delete=_OF_MYSELF)
            for table in ("account_emailaddress", "mfa_authenticator", "socialaccount_socialaccount", "usersessions_usersession")
        ),
        _table("account_emailconfirmation"),
        _table("socialaccount_socialtoken"),
        _table("socialaccount_socialapp"),
        _table("django_session"),
    )
)
"""What the sign-in library keeps: one's own second factors and sessions; the rest is read while somebody signs in, by Tocsin itself."""
