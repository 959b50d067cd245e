"""The register from YAML, one file a report. Everything is checked at the door; each fault is said with its file and line."""

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import yaml
from pydantic import ValidationError

from tocsin.learn.register.model import Evidence, Item, Register, Reply, Report, Seen, Status
from tocsin.learn.taxonomy import Taxonomy, load

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_Path = tuple[str | int, ...]
_INHERITED = ("page_why", "reply", "evidence", "addressees")


class RegisterError(ValueError):
    """The register has faults. faults: each as `file:line: what is wrong and what is expected`."""

    def __init__(self, faults: Iterable[str]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(self.faults))


@cache
def register() -> Register:
    """The register that comes with Tocsin."""
    shipped = [entry for entry in files("tocsin.learn.register").iterdir() if entry.name.endswith(".yaml")]
    return read_register({entry.name: entry.read_text("utf-8") for entry in shipped})


def read_register(texts: Mapping[str, str], taxonomy: Taxonomy | None = None) -> Register:
    """A register from YAML texts by file name. Raises RegisterError with every fault that was found, in all files."""
    known = {failing.id for failing in (taxonomy or load()).failings}
    faults: list[str] = []
    read: list[_Marked] = []
    for name, text in sorted(texts.items()):
        try:
            read.append(_Marked(name, text))
        except RegisterError as wrong:
            faults += wrong.faults
    for marked in read:
        faults += marked.faults(known)
    if not faults:
        faults += _between([(marked, marked.report) for marked in read])
    if faults:
        raise RegisterError(faults)
    return Register(tuple(sorted((marked.report for marked in read), key=lambda report: (report.published, report.id))))


class _Marked:
    """One file: the report, and the line of each of its values."""

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self.lines: dict[_Path, int] = {}
        self._met: set[int] = set()
        try:
            node = yaml.compose(text, Loader=_Loader)
        except yaml.YAMLError as wrong:
            line = mark.line + 1 if (mark := getattr(wrong, "problem_mark", None)) else 1
            raise RegisterError([f"{name}:{line}: not readable as YAML: {getattr(wrong, 'problem', wrong)}"]) from wrong
        if not isinstance(node, yaml.MappingNode):
            raise RegisterError([f"{name}:1: a report with id, title, body, published, kind, nations, sources and items is expected"])
        data = self._plain(node, ())
        rows = data.get("items")
        for row in rows if isinstance(rows, list) else ():
            if isinstance(row, dict):
                row["id"] = f"{data.get('id')}/{row.get('id')}"
                inherited = _INHERITED if row.get("kind") == "recommendation" else ("page_why",)
                row.update({key: data[key] for key in inherited if key in data and key not in row})
        try:
            self.report = Report.model_validate(data)
        except ValidationError as wrong:
            raise RegisterError(self._said(wrong)) from wrong

    def at(self, *path: str | int) -> str:
        """file:line of the nearest thing that stands in the file."""
        while path and path not in self.lines:
            path = path[:-1]
        return f"{self.name}:{self.lines.get(path, 1)}"

    def faults(self, known: set[str]) -> Iterator[str]:
        """What is wrong inside this one report."""
        report = self.report
        if self.name.removesuffix(".yaml") != report.id:
            yield f"{self.at('id')}: the report is called {report.id!r} and its file {self.name!r}; call the file {report.id}.yaml"
        if not report.id.startswith(f"{report.published.first:%Y}-"):
            yield f"{self.at('published')}: published {report.published}, but its id is {report.id!r}; begin the id with the year"
        sources = {source.id for source in report.sources}
        for key in ("id", "address"):
            yield from self._twice(f"source's {key}", ((("sources", i), getattr(s, key)) for i, s in enumerate(report.sources)))
        yield from self._twice("item's id", ((("items", i, "id"), item.id) for i, item in enumerate(report.items)))
        yield from self._twice("item's text", ((("items", i, "text"), item.text) for i, item in enumerate(report.items)))
        yield from self._reply(report.reply, ("reply",), sources)
        yield from self._evidence(report.evidence, ("evidence",), sources)
        for i, item in enumerate(report.items):
            yield from self._item(item, ("items", i), sources, known)

    def _item(self, item: Item, at: _Path, sources: set[str], known: set[str]) -> Iterator[str]:
        if item.source not in sources:
            yield f"{self.at(*at, 'source')}: {self._no_source(item.source, sources)}"
        elif self.report.source(item.source).seen is Seen.NOT_SEEN and not item.unconfirmed:
            yield f"{self.at(*at)}: its source {item.source!r} was not seen, so the item needs 'unconfirmed: true'"
        for n, failing in enumerate(item.failings):
            if failing not in known:
                yield f"{self.at(*at, 'failings', n)}: the taxonomy has no failing {failing!r}"
        if len(set(item.failings)) != len(item.failings):
            yield f"{self.at(*at, 'failings')}: a failing stands there twice; remove one"
        if self.report.reply is not item.reply:
            yield from self._reply(item.reply, (*at, "reply"), sources)
        yield from self._evidence(item.evidence, (*at, "evidence"), sources)
        for n, action in enumerate(item.actions):
            if action.source not in sources:
                yield f"{self.at(*at, 'actions', n, 'source')}: {self._no_source(action.source, sources)}"
        if item.next_review and item.next_review.last <= self.report.published.first:
            yield f"{self.at(*at, 'next_review')}: next_review {item.next_review} is not after the report, {self.report.published}"

    def _reply(self, reply: Reply | None, at: _Path, sources: set[str]) -> Iterator[str]:
        if reply and reply.source and reply.source not in sources:
            yield f"{self.at(*at, 'source')}: {self._no_source(reply.source, sources)}"
        if reply and reply.on and reply.on.last < self.report.published.first:
            yield f"{self.at(*at, 'on')}: the reply of {reply.on} comes before the report, {self.report.published}"

    def _evidence(self, evidence: Evidence | None, at: _Path, sources: set[str]) -> Iterator[str]:
        if evidence and evidence.source and evidence.source not in sources:
            yield f"{self.at(*at, 'source')}: {self._no_source(evidence.source, sources)}"
        if evidence and evidence.on and evidence.on.last < self.report.published.first:
            yield f"{self.at(*at, 'on')}: the evidence of {evidence.on} comes before the report, {self.report.published}"

    def _no_source(self, source: str, sources: set[str]) -> str:
        return f"no source is called {source!r}; the report's sources are {', '.join(sorted(sources))}"

    def _twice(self, what: str, rows: Iterable[tuple[_Path, str]]) -> Iterator[str]:
        met: dict[str, _Path] = {}
        for path, value in rows:
            if value in met:
                yield f"{self.at(*path)}: the {what} {value[:60]!r} already stands in line {self.at(*met[value]).rpartition(':')[2]}"
            met.setdefault(value, path)

    def _said(self, wrong: ValidationError) -> Iterator[str]:
        for fault in wrong.errors(include_url=False):
            names = [str(part) for part in fault["loc"] if isinstance(part, str)]
            said = fault["msg"].removeprefix("Value error, ")
            found = f", found {fault['input']!r}" if isinstance(fault["input"], str | int) and fault["type"] != "missing" else ""
            yield f"{self.at(*fault['loc'])}: {' '.join(names)}{': ' if names else ''}{said}{found}"

    def _plain(self, node: yaml.Node, path: _Path) -> Any:
        """Mappings, lists, words, true/false and nothing; dates and numbers stay as they were written (a number '1.10' is not 1.1)."""
        self.lines[path] = node.start_mark.line + 1
        if id(node) in self._met or len(path) > 8:
            raise RegisterError(
                [f"{self.name}:{node.start_mark.line + 1}: an alias (*) or nesting this deep is not expected; write it out"]
            )
        self._met.add(id(node))
        if isinstance(node, yaml.SequenceNode):
            return [self._plain(entry, (*path, i)) for i, entry in enumerate(node.value)]
        if not isinstance(node, yaml.MappingNode):
            kind = node.tag.rpartition(":")[2]
            return None if kind == "null" else node.value.lower() in ("true", "yes", "on") if kind == "bool" else node.value
        found: dict[str, Any] = {}
        for key, value in node.value:
            name = str(key.value)
            if name in found:
                raise RegisterError([f"{self.name}:{key.start_mark.line + 1}: {name!r} stands there twice; remove one"])
            found[name] = self._plain(value, (*path, name))
            self.lines[*path, name] = key.start_mark.line + 1
        return found


def _between(read: list[tuple[_Marked, Report]]) -> Iterator[str]:
    """What is wrong between reports: ids used twice, links to items that are not there or not earlier."""
    owner: dict[str, Report] = {}
    named: dict[str, str] = {}
    items = {item.id: item for _, report in read for item in report.items}
    for marked, report in read:
        if report.id in named:
            yield f"{marked.at('id')}: the report {report.id!r} already stands in {named[report.id]}"
        named[report.id] = marked.name
        owner.update({item.id: report for item in report.items})
    for marked, report in read:
        for i, item in enumerate(report.items):
            for n, id in enumerate(item.earlier):
                at = marked.at("items", i, "earlier", n)
                if id not in owner:
                    yield f"{at}: 'earlier' names {id!r}, which is not in the register"
                elif owner[id] is report:
                    yield f"{at}: 'earlier' names {id!r} of the same report; name items of earlier reports"
                elif owner[id].published.first > report.published.last:
                    yield f"{at}: 'earlier' names {id!r} of {owner[id].published}, which is later than {report.published}"
                elif not set(item.failings) & set(items[id].failings):
                    yield f"{at}: 'earlier' names {id!r}, which shares no failing with this item; code one of them anew, or they do not say the same"
            if item.evidence.status in (Status.SUPERSEDED, Status.MERGED) and not any(
                item.id in other.earlier for _, later in read for other in later.items
            ):
                yield f"{marked.at('items', i)}: {item.evidence.status.value}, but no later item names {item.id!r} as earlier; by what?"
