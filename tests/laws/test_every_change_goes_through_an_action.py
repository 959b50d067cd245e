"""House law: what is stored changes in actions alone. Read from the source, so that a new page which changes a model is found."""

import ast
from pathlib import Path

import pytest

WEB = Path(__file__).parents[2] / "src" / "tocsin" / "web"
CHANGES = {
    "save", "create", "update", "delete", "bulk_create", "bulk_update", "get_or_create", "update_or_create", "add", "remove", "clear", "set",
    "asave", "acreate", "aupdate", "adelete", "create_user", "raw",
}  # fmt: skip
READERS = ("views", "queries", "main", "urls", "schemas", "forms", "outside", "answers", "capability", "plain", "middleware", "jinja", "permissions")
"""Modules that only speak HTTP or only read."""


def changes(source):
    """Lines at which something that hangs on a manager or an object of a model is changed, or SQL is given by hand."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute) or node.func.attr not in CHANGES:
            continue
        names = {n.attr for n in ast.walk(node.func.value) if isinstance(n, ast.Attribute)}
        called = node.func.value.id if isinstance(node.func.value, ast.Name) else ""
        of_a_model = bool(names & {"objects", "_default_manager", "_base_manager"})
        by_object = node.func.attr in ("save", "delete", "asave", "adelete", "bulk_create", "update_or_create", "get_or_create")
        if (of_a_model or by_object) and called not in ("session", "file", "cache"):
            yield node.lineno, f".{node.func.attr}"
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ("execute", "executemany") and node.args:
            first = node.args[0]
            words = first.value if isinstance(first, ast.Constant) else ""
            if str(words).lstrip().upper().startswith(("INSERT", "UPDATE", "DELETE", "TRUNCATE", "ALTER", "DROP", "CREATE", "GRANT")):
                yield node.lineno, words.split()[0]


def reading():
    return sorted(p for p in WEB.rglob("*.py") if "migrations" not in p.parts and p.stem.startswith(READERS))


def test_no_page_and_no_query_changes_what_is_stored():
    found = [f"{p.relative_to(WEB)}:{line} {what}" for p in reading() for line, what in changes(p.read_text("utf-8"))]

    assert len(reading()) > 25
    assert found == []


def test_models_change_nothing_by_themselves():
    own = {p: list(changes(p.read_text("utf-8"))) for p in WEB.rglob("models.py")}

    # how Django makes a user, called by actions alone
    own[WEB / "people" / "models.py"] = [c for c in own[WEB / "people" / "models.py"] if c[1] != ".save"]
    assert {p: c for p, c in own.items() if c} == {}


@pytest.mark.parametrize(
    "source",
    ["Concern.objects.filter(pk=1).update(due=None)", "concern.save()", "def f(c):\n    c.delete()", "M.objects.create(a=1)",
     "cursor.execute('UPDATE concerns_concern SET due = null')", "M.objects.select_for_update().get_or_create(a=1)"],
)  # fmt: skip
def test_the_reader_of_sources_finds_a_change(source):
    assert list(changes(source))


ACTIONS = {
    "people": ("actions",), "concerns": ("actions", "closing", "plan", "relating", "takeover", "raisers"), "feeds": ("actions",), "accord": ("actions",),
    "review": ("cases", "consensus", "families", "grading", "panels"),
    "learn": ("actions", "outcomes", "desk"),
}  # fmt: skip
ONE_STATEMENT = {"feeds/actions.py:confirm", "feeds/actions.py:stop", "feeds/actions.py:stop_own"}
LOOKING_UP = {"concerns/raisers.py:find", "review/families.py:find"}
"""They count a wrong try, in a transaction of its own, and find or do not find."""


def acts():
    """Each public function of the actions that changes something."""
    for room, modules in ACTIONS.items():
        for module in modules:
            for node in ast.parse((WEB / room / f"{module}.py").read_text("utf-8")).body:
                if isinstance(node, ast.FunctionDef) and not node.name.startswith("_") and list(changes(ast.unparse(node))):
                    yield f"{room}/{module}.py:{node.name}", node


def test_every_action_that_changes_something_is_one_transaction_and_takes_its_arguments_by_name():
    found = [(name, node) for name, node in acts() if name not in ONE_STATEMENT | LOOKING_UP]

    def atomic(node):
        # put_in is a part of an action, and is given it
        inside = any(isinstance(n, ast.With) and "atomic" in ast.unparse(n.items[0]) for n in ast.walk(node))
        return inside or "transaction.atomic" in map(ast.unparse, node.decorator_list) or bool(node.args.args and node.args.args[0].arg == "doing")

    assert len(found) > 30
    assert [name for name, node in found if not atomic(node)] == []
    # what is changed, or the signal that rings, may stand first; all else is named, so that nothing is swapped by mistake
    assert [name for name, node in found if [a.arg for a in node.args.args] not in ([], ["signal"], ["doing"])] == []
