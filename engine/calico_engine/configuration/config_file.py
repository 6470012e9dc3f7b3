"""Felix's configuration file: the ini dialect of github.com/go-ini/ini with its default options.

Felix reads every section (felix/config/file_loader.go), so the header may be missing or have any name. Quirks that
follow from the library: `=` or `:` separates, `#` and `;` begin a comment wherever they stand in a value (also within
double quotes), a backslash at the end continues the line, backticks and triple quotes span lines.
"""

from __future__ import annotations

from calico_engine.configuration.go_text import SPACE
from calico_engine.frozen import frozen


class ConfigFileError(ValueError):
    """A configuration file that Felix cannot read; `line` counts from 1."""

    def __init__(self, message: str, line: int) -> None:
        super().__init__(message)
        self.line = line


@frozen
class FileValue:
    """One setting of the file and the line it stands on."""

    name: str
    text: str
    line: int


def parse_config_file(text: str) -> tuple[FileValue, ...]:
    """The settings, in the order in which Felix takes them over; of two equal names in two sections both are there."""
    reader = _Reader(text)
    while reader.more():
        reader.step()
    return tuple(value for section in reader.sections.values() for value in section.values())


class _Reader:
    """Reads line by line; a line keeps its line break, as in Go."""

    def __init__(self, text: str) -> None:
        self.lines = _lines(text.removeprefix("\ufeff"))
        self.at = 0
        self.counter = 1
        self.sections: dict[str, dict[str, FileValue]] = {"DEFAULT": {}}
        self.section = self.sections["DEFAULT"]

    def more(self) -> bool:
        return self.at < len(self.lines)

    def _next(self) -> str:
        self.at += 1
        return self.lines[self.at - 1] if self.at <= len(self.lines) else ""

    def step(self) -> None:
        line = self._next().lstrip(SPACE)
        number = self.at
        if not line or line[0] in "#;":
            return
        if line[0] == "[":
            self._open_section(line, number)
            return
        name, rest = _split_key(line, number)
        if name == "-":
            name, self.counter = f"#{self.counter}", self.counter + 1
        value = self._value(rest, number)
        if not name:
            raise ConfigFileError("a setting has no name", number)
        self.section[name] = FileValue(name, value, number)

    def _open_section(self, line: str, number: int) -> None:
        end = line.rfind("]")
        if end < 0:
            raise ConfigFileError("a section header is not closed with ]", number)
        if end == 1:
            raise ConfigFileError("a section header has no name", number)
        self.section = self.sections.setdefault(line[1:end], {})
        self.counter = 1

    def _value(self, rest: str, number: int) -> str:
        text = rest.lstrip(SPACE)
        if not text:
            return ""
        for quote in ('"""', "`"):
            if text.startswith(quote) and (quote == "`" or len(text) > 3):
                return self._quoted(text[len(quote) :], quote, number)
        text = text.strip(SPACE)
        if text.endswith("\\"):
            return self._continued(text[:-1])
        return _unquoted(_without_comment(text))

    def _quoted(self, text: str, quote: str, number: int) -> str:
        end = text.rfind(quote)
        if end >= 0:
            return text[:end]
        while True:
            following = self._next()
            end = following.rfind(quote)
            if end >= 0:
                return text + following[:end]
            text += following
            if not self.more():
                raise ConfigFileError(f"a value opened with {quote} is not closed", number)

    def _continued(self, text: str) -> str:
        while True:
            following = self._next().strip(SPACE)
            if not following:
                return text
            text += following
            if not text.endswith("\\"):
                return text
            text = text[:-1]


def _lines(text: str) -> list[str]:
    """Lines with their line feeds; only a line feed ends one."""
    lines = [f"{line}\n" for line in text.split("\n")]
    lines[-1] = lines[-1][:-1]
    return lines


def _split_key(line: str, number: int) -> tuple[str, str]:
    """The name, possibly quoted, and what follows the separator."""
    quote = next((quote for quote in ('"""', '"', "`") if line.startswith(quote)), "")
    if quote == '"""' and len(line) <= 6:
        quote = '"'
    end = line.find(quote, len(quote)) if quote else 0
    if end < 0:
        raise ConfigFileError("the quote around a name is not closed", number)
    separators = [at for at in (line.find(mark, end + len(quote)) for mark in "=:") if at >= 0]
    if not separators:
        raise ConfigFileError("a line has no '=' or ':' between name and value", number)
    at = min(separators)
    name = line[len(quote) : end] if quote else line[:at]
    return name.strip(SPACE), line[at + 1 :]


def _without_comment(text: str) -> str:
    marks = [at for at in (text.find("#"), text.find(";")) if at >= 0]
    return text[: min(marks)].strip(SPACE) if marks else text


def _unquoted(text: str) -> str:
    """Without a pair of quotes around it, unless the same quote also stands inside."""
    for quote in "'\"":
        if len(text) >= 2 and text[0] == text[-1] == quote and text.count(quote) == 2:
            return text[1:-1]
    return text
