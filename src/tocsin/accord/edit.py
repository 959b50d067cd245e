"""Adds an amendment to a map's text. Every other line, comment and blank stays as it is: the text is edited, never written anew."""

import yaml


def amended_text(text: str, amendment: str, name: str) -> str:
    """The text of map file `name` with the amendment's lines added to their sections, or put in place of the lines that they replace.

    amendment: as a finding gives it. Raises ValueError where a line to be replaced is not in the file.
    """
    lines = text.splitlines()
    section = ""
    for line in amendment.splitlines():
        if not line.startswith("- "):
            section = line.removesuffix(":")
            continue
        body, _, mark = line.partition("  # in place of the line at ")
        if mark:
            file, _, number = mark.rpartition(":")
            if file != name:
                raise ValueError(f"the amendment replaces a line of {file}, not of {name}; amend that file")
            first, last = _span(lines, section, int(number))
            lines[first:last] = [body]
        else:
            _add(lines, section, body)
    return "\n".join(lines) + "\n"


def _span(lines: list[str], section: str, number: int) -> tuple[int, int]:
    """First and last (not included) line of the entry that begins at line `number`, counted from 1."""
    root = yaml.compose("\n".join(lines), Loader=yaml.CSafeLoader)
    for key, value in getattr(root, "value", []):
        if key.value == section:
            for item in value.value:
                if item.start_mark.line == number - 1:
                    end = item.end_mark
                    return number - 1, end.line + 1 if end.column else end.line
    raise ValueError(f"there is no entry of '{section}' at line {number}")


def _add(lines: list[str], section: str, body: str) -> None:
    """After the section's head, or with a head of its own at the end."""
    for place, line in enumerate(lines):
        if line.rstrip() == f"{section}:" or line.startswith(f"{section}:  #") or line.startswith(f"{section}: #"):
            following = next((x for x in lines[place + 1 :] if x.strip().startswith("-")), "- ")
            lines.insert(place + 1, following[: len(following) - len(following.lstrip())] + body)
            return
    lines += [f"{section}:", body]
