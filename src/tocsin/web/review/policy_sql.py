"""Which rows of the room each reader finds, and each writer may write. Deleting is refused to everybody by the lack of a policy."""

_SELF = "(SELECT tocsin_acts_itself())"
_CONVENED = "panel_id IN (SELECT review_my_convened())"
_BY_CASE = "EXISTS (SELECT FROM review_case c WHERE c.id = case_id)"
_CONVENED_CASE = "EXISTS (SELECT FROM review_case c WHERE c.id = case_id AND c.panel_id IN (SELECT review_my_convened()))"
_OPENED = (
    "(EXISTS (SELECT FROM review_case c WHERE c.id = case_id AND c.blind_ended IS NOT NULL) "
    "AND case_id NOT IN (SELECT review_my_unfinished()))"
)


def policies(table: str, force: bool, check: str = "", **of: str) -> str:
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


def told(table: str, when: str = "INSERT OR UPDATE") -> str:
    return (
        f"CREATE CONSTRAINT TRIGGER told AFTER {when} ON {table} DEFERRABLE INITIALLY DEFERRED FOR EACH ROW "
        "EXECUTE FUNCTION review_must_be_told();"
    )


def kept(table: str) -> str:
    return f"CREATE TRIGGER kept BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION review_refuse();"


POLICIES = "\n".join(
    (
        policies(
            "review_standard", True, select=f"{_SELF} OR signed IS NOT NULL OR body_id IN (SELECT tocsin_my_bodies())",
            insert=f"{_SELF} OR (review_leads(body_id) AND proposed_by_id = tocsin_member() AND signed IS NULL)",
            update=f"{_SELF} OR (review_leads(body_id) AND proposed_by_id <> tocsin_member() AND (signed_by_id IS NULL OR signed_by_id = tocsin_member()))",
        ),
        told("review_standard"),
        "CREATE TRIGGER guarded BEFORE UPDATE ON review_standard FOR EACH ROW EXECUTE FUNCTION review_guard_standard();",
        policies(
            "review_panel", True, select=f"{_SELF} OR made_by_id = tocsin_member() OR id IN (SELECT review_my_seats())",
            insert=f"{_SELF} OR (review_leads(body_id) AND made_by_id = tocsin_member())",
            update=f"{_SELF} OR id IN (SELECT review_my_convened())",
        ),
        told("review_panel"),
        "CREATE TRIGGER guarded BEFORE UPDATE ON review_panel FOR EACH ROW EXECUTE FUNCTION review_guard_panel();",
        # the policies of other tables read these three, so their owner is not bound; the web's role is
        policies(
            "review_seat", False, select=f"{_SELF} OR member_id = tocsin_member() OR panel_id IN (SELECT review_my_seats())",
            insert=f"{_SELF} OR {_CONVENED} OR (member_id = tocsin_member() AND role = 'convener' AND EXISTS ("
            "SELECT FROM review_panel p WHERE p.id = panel_id AND p.made_by_id = tocsin_member()))",
            update=f"{_SELF} OR {_CONVENED} OR (member_id = tocsin_member() AND ended IS NULL)",
        ),
        told("review_seat"),
        policies(
            "review_tie", False,
            select=f"{_SELF} OR member_id = tocsin_member() OR EXISTS (SELECT FROM review_seat s WHERE s.member_id = review_tie.member_id "
            "AND s.panel_id IN (SELECT review_my_convened()))",
            insert=f"{_SELF} OR member_id = tocsin_member()",
            update=f"{_SELF} OR (member_id <> tocsin_member() AND EXISTS (SELECT FROM review_seat s "
            "WHERE s.member_id = review_tie.member_id AND s.panel_id IN (SELECT review_my_convened())))",
        ),
        policies(
            "review_assignment", False,
            select=f"{_SELF} OR EXISTS (SELECT FROM review_seat s WHERE s.id = seat_id AND s.member_id = tocsin_member()) OR {_CONVENED_CASE} "
            f"OR {_OPENED}",
            insert=f"{_SELF} OR {_CONVENED_CASE}", update=f"{_SELF} OR {_CONVENED_CASE}",
        ),
        told("review_assignment"),
        "CREATE TRIGGER guarded BEFORE INSERT OR UPDATE ON review_assignment FOR EACH ROW EXECUTE FUNCTION review_guard_assignment();",
        policies(
            "review_case", True,
            select=f"{_SELF} OR (({_CONVENED} OR id IN (SELECT review_my_assigned())) AND id NOT IN (SELECT review_tied_cases_of(tocsin_member())) "
            "AND provider_id NOT IN (SELECT review_ties_of(tocsin_member())) AND NOT also ?| ARRAY(SELECT review_ties_of(tocsin_member())))",
            insert=f"{_SELF} OR {_CONVENED}", update=f"{_SELF} OR {_CONVENED}",
        ),
        told("review_case"),
        "CREATE TRIGGER guarded BEFORE UPDATE ON review_case FOR EACH ROW EXECUTE FUNCTION review_guard_case();",
        policies("review_event", True, select=f"{_SELF} OR {_BY_CASE}", insert=f"{_SELF} OR {_CONVENED_CASE}", update=f"{_SELF} OR {_CONVENED_CASE}"),
        told("review_event"),
        # not even Tocsin itself reads a grading before the blind phase is over
        policies(
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
        told("review_grading", "UPDATE OF final"),
        policies(
            "review_position", True, select=_OPENED,
            insert=f"{_OPENED} AND EXISTS (SELECT FROM review_assignment a JOIN review_seat s ON s.id = a.seat_id WHERE a.id = assignment_id "
            "AND a.case_id = review_position.case_id AND s.member_id = tocsin_member() AND a.final IS NOT NULL AND a.withdrawn IS NULL)",
        ),
        kept("review_position"), told("review_position"),
        policies(
            "review_consensus", True, select=f"{_SELF} OR {_BY_CASE}",
            insert=f"{_CONVENED_CASE} AND by_id = tocsin_member() AND review_may('agreed', case_id)",
        ),
        kept("review_consensus"), told("review_consensus"),
        *(
            policies(
                table, True, select="EXISTS (SELECT FROM review_consensus k WHERE k.id = consensus_id)",
                insert="EXISTS (SELECT FROM review_consensus k WHERE k.id = consensus_id AND k.by_id = tocsin_member())",
            ) + kept(table)
            for table in ("review_agreed_standard", "review_agreed_factor")
        ),
        # the family's own: read by them and by those on the case; written by them and by the convener, through Tocsin
        policies("review_family", True, select=f"{_SELF} OR id = tocsin_raiser() OR {_BY_CASE}", insert=f"{_SELF}", update=f"{_SELF}"),
        policies("review_question", True, select=f"{_SELF} OR family_id = tocsin_raiser() OR {_BY_CASE}", insert=f"{_SELF}", update=f"{_SELF}"),
        told("review_question"),
        policies(
            "review_answer", True,
            select=f"{_SELF} OR {_BY_CASE} OR EXISTS (SELECT FROM review_question q WHERE q.id = question_id AND q.family_id = tocsin_raiser())",
            insert=f"{_SELF}",
        ),
        kept("review_answer"), told("review_answer"),
        policies("review_import", True, select=f"{_SELF} OR {_CONVENED}", insert=f"{_SELF} OR {_CONVENED}", update=f"{_SELF}"),
        policies("review_findings", True, select=f"{_SELF} OR panel_id IN (SELECT review_my_seats())", insert=f"{_SELF} OR {_CONVENED}"),
        kept("review_findings"), told("review_findings"),
    )
)  # fmt: skip
