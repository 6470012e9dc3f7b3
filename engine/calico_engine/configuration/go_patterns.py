"""Go regular expressions (RE2 syntax, package regexp/syntax) on top of Python's `re`.

Felix decides with Go's engine which interfaces are excluded; Python's syntax differs in what it accepts (look-ahead,
back references, possessive repeats, `{,n}`) and in what it means (`$`, `\\d`, `\\b`). So the pattern is translated,
and what Go refuses is refused. Not supported: Unicode script classes such as `\\p{Greek}`, and groups nested deeper
than 100, both of which Go would take.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from calico_engine.configuration.go_classes import ANY, PERL_CLASSES, POSIX_CLASSES, Ranges, complement, unicode_class
from calico_engine.frozen import frozen

_MAX_DEPTH = 100
_MAX_REPEAT = 1000
_REPEAT = re.compile(r"[*+?]|\{([0-9]+)(,([0-9]*))?\}")
_CAPTURE_NAME = re.compile(r"\?P?<([A-Za-z0-9_]+)>")
_FLAGS = re.compile(r"\?([imsU]*)(?:-([imsU]+))?([:)])")
_ESCAPES = {"a": 7, "f": 12, "t": 9, "n": 10, "r": 13, "v": 11}
_HEX = re.compile(r"\\x(?:([0-9A-Fa-f]{2})|\{([0-9A-Fa-f]+)\})")
_OCTAL = re.compile(r"\\(0[0-7]{0,2}|[1-7][0-7]{1,2})")
_UNICODE = re.compile(r"\\([pP])(?:\{(\^?)([^}]*)\}|([^{]))")
_POSIX = re.compile(r"\[:(\^?)([a-z0-9]*):\]")
#: `\B` is spelled as a negation: Python's own does not hold in the empty string.
_ASSERTIONS = {"\\A": r"(?:\A)", "\\z": r"(?:\Z)", "\\b": r"(?a:\b)", "\\B": r"(?!(?a:\b))"}


@frozen
class GoPattern:
    """A compiled Go regular expression; equal by its text.

    >>> pattern = GoPattern.parse("^kube-ipvs0$")
    >>> pattern.matches("kube-ipvs0"), pattern.matches("kube-ipvs0\\n")
    (True, False)
    """

    text: str
    compiled: re.Pattern[str] = field(compare=False, repr=False)

    @classmethod
    def parse(cls, text: str) -> GoPattern:
        """regexp.Compile; ValueError where Go refuses the pattern."""
        return cls(text, re.compile(_translated(text)))

    def matches(self, value: str) -> bool:
        """regexp.MatchString: whether the pattern is found anywhere in `value`."""
        return self.compiled.search(value) is not None

    def __str__(self) -> str:
        return self.text


@dataclass(slots=True)
class _Group:
    """An open parenthesis: the flags outside it, where its output begins, how often its content may repeat at most."""

    flags: frozenset[str]
    start: int = 0
    repeats: int = 1


def _translated(pattern: str) -> str:
    """The pattern in Python's syntax. Explicit stack: patterns are user input."""
    translator = _Translator(pattern)
    while translator.at < len(pattern):
        translator.step()
    if len(translator.groups) > 1:
        raise ValueError("missing closing )")
    return "".join(translator.out)


class _Translator:
    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self.at = 0
        self.out: list[str] = []
        self.flags: frozenset[str] = frozenset()
        self.groups = [_Group(self.flags)]
        self.names: set[str] = set()
        #: How often the last atom repeats (None: nothing stands there to be repeated), and where its output begins.
        self.atom: int | None = None
        self.start = 0
        self.repeated = False

    def step(self) -> None:
        character = self.pattern[self.at]
        repeat = _REPEAT.match(self.pattern, self.at)
        if repeat is not None:
            self._repeat(repeat)
            return
        self.repeated = False
        if character == "(":
            self._open()
        elif character == ")":
            self._close()
        elif character == "|":
            self.at, self.atom = self.at + 1, None
            self.out.append("|")
        elif character == "[":
            self._emit_class(self._class())
        elif character == "\\":
            self._escape()
        else:
            self.at += 1
            self._emit_plain(character)

    def _emit(self, text: str) -> None:
        self.atom, self.start = 1, len(self.out)
        self.out.append(f"(?i:{text})" if "i" in self.flags else text)

    def _emit_class(self, ranges: Ranges) -> None:
        items = "".join(f"\\U{low:08x}-\\U{high:08x}" for low, high in ranges)
        self._emit(f"[{items}]" if items else "(?!)")

    def _emit_plain(self, character: str) -> None:
        multiline = "m" in self.flags
        special = {
            "^": "(?m:^)" if multiline else r"(?:\A)",
            "$": "(?m:$)" if multiline else r"(?:\Z)",
            ".": "(?s:.)" if "s" in self.flags else r"[^\n]",
        }
        self._emit(special.get(character) or re.escape(character))

    def _repeat(self, repeat: re.Match[str]) -> None:
        if self.repeated:
            raise ValueError(f"invalid nested repetition operator {repeat[0]}")
        if self.atom is None:
            raise ValueError(f"missing argument to repetition operator {repeat[0]}")
        self.at, text = repeat.end(), repeat[0]
        if repeat[1] is not None:
            text = self._counted(repeat)
        lazy = self.pattern.startswith("?", self.at)
        self.at += lazy
        lazily = "?" * (lazy != ("U" in self.flags))
        # In a group of its own: after an inline flag Go repeats what is a repetition already.
        self.out[self.start :] = [f"(?:{''.join(self.out[self.start :])}){text}{lazily}"]
        self.repeated = True

    def _counted(self, repeat: re.Match[str]) -> str:
        low = _count(repeat[1])
        high = _count(repeat[3]) if repeat[3] else None if repeat[2] else low
        most = low if high is None else high
        if low > _MAX_REPEAT or most > _MAX_REPEAT or most < low or (self.atom or 1) * most > _MAX_REPEAT:
            raise ValueError(f"invalid repeat count {repeat[0]}")
        self.atom = (self.atom or 1) * max(most, 1)
        self.groups[-1].repeats = max(self.groups[-1].repeats, self.atom)
        return f"{{{low},{'' if high is None else high}}}"

    def _open(self) -> None:
        self.at += 1
        if not self.pattern.startswith("?", self.at):
            self._push(self.flags)
            return
        name, flags = _CAPTURE_NAME.match(self.pattern, self.at), _FLAGS.match(self.pattern, self.at)
        if name is not None:
            if name[1] in self.names:
                raise ValueError(f"the group name {name[1]} appears twice")
            self.names.add(name[1])
            self.at = name.end()
            self._push(self.flags)
        elif flags is not None:
            self._set_flags(flags)
        else:
            raise ValueError("invalid or unsupported Perl syntax (?")

    def _set_flags(self, flags: re.Match[str]) -> None:
        wanted = (self.flags | frozenset(flags[1])) - frozenset(flags[2] or "")
        self.at = flags.end()
        if flags[3] == ":":
            self._push(wanted)
        else:  # for the rest of the group around it
            self.flags = wanted

    def _push(self, inner: frozenset[str]) -> None:
        if len(self.groups) > _MAX_DEPTH:
            raise ValueError("groups are nested too deeply")
        self.groups.append(_Group(self.flags, len(self.out)))
        self.flags, self.atom = inner, None
        self.out.append("(?:")

    def _close(self) -> None:
        if len(self.groups) == 1:
            raise ValueError("unexpected )")
        group = self.groups.pop()
        self.at, self.flags, self.atom, self.start = self.at + 1, group.flags, group.repeats, group.start
        self.groups[-1].repeats = max(self.groups[-1].repeats, group.repeats)
        self.out.append(")")

    def _escape(self) -> None:
        pair = self.pattern[self.at : self.at + 2]
        if pair == "\\Q":
            self._quoted()
        elif pair in _ASSERTIONS:
            self.at += 2
            self._emit(_ASSERTIONS[pair])
        else:
            ranges = self._class_escape()
            if ranges is None:
                code = self._character_escape()
                ranges = ((code, code),)
            self._emit_class(ranges)

    def _quoted(self) -> None:
        end = self.pattern.find("\\E", self.at + 2)
        literal = self.pattern[self.at + 2 : end if end >= 0 else None]
        self.at = end + 2 if end >= 0 else len(self.pattern)
        for character in literal:
            self._emit(re.escape(character))

    def _class_escape(self) -> Ranges | None:
        r"""The set of `\d`, `\pL` and their like at the current place, or None if none stands there."""
        pair = self.pattern[self.at : self.at + 2]
        if pair in PERL_CLASSES:
            self.at += 2
            return PERL_CLASSES[pair]
        if pair not in ("\\p", "\\P"):
            return None
        match = _UNICODE.match(self.pattern, self.at)
        if match is None:
            raise ValueError("invalid character class range")
        self.at = match.end()
        ranges = unicode_class(match[4] or match[3])
        return complement(ranges) if (match[1] == "P") != bool(match[2]) else ranges

    def _character_escape(self) -> int:
        for pattern, base in ((_HEX, 16), (_OCTAL, 8)):
            match = pattern.match(self.pattern, self.at)
            if match is not None:
                self.at = match.end()
                return _code_point(next(digits for digits in match.groups() if digits is not None), base)
        character = self.pattern[self.at + 1 : self.at + 2]
        self.at += 2
        if character in _ESCAPES:
            return _ESCAPES[character]
        if character and character.isascii() and not character.isalnum():
            return ord(character)
        raise ValueError(f"invalid escape sequence \\{character}")

    def _class(self) -> Ranges:
        self.at += 1
        negated = self.pattern.startswith("^", self.at)
        self.at += negated
        ranges: list[tuple[int, int]] = []
        first = True
        while first or not self.pattern.startswith("]", self.at):
            first = False
            ranges.extend(self._class_item())
        self.at += 1
        return complement(ranges) if negated else complement(complement(ranges))

    def _class_item(self) -> Iterable[tuple[int, int]]:
        posix = _POSIX.match(self.pattern, self.at)
        if posix is not None or (self.pattern.startswith("[:", self.at) and ":]" in self.pattern[self.at + 2 :]):
            return self._posix(posix)
        escape = self._class_escape() if self.pattern.startswith("\\", self.at) else None
        if escape is not None:
            return escape
        low = high = self._class_character()
        following = self.pattern[self.at + 1 : self.at + 2]
        if self.pattern.startswith("-", self.at) and following and following != "]":
            self.at += 1
            high = self._class_character()
        if high < low:
            raise ValueError("invalid character class range")
        return ((low, high),)

    def _posix(self, match: re.Match[str] | None) -> Ranges:
        if match is None or match[2] not in POSIX_CLASSES:
            raise ValueError("invalid character class range")
        self.at = match.end()
        ranges = POSIX_CLASSES[match[2]]
        return complement(ranges) if match[1] else ranges

    def _class_character(self) -> int:
        if self.at >= len(self.pattern):
            raise ValueError("missing closing ]")
        if self.pattern[self.at] == "\\":
            return self._character_escape()
        self.at += 1
        return ord(self.pattern[self.at - 1])


def _count(digits: str) -> int:
    return int(digits[:6]) if len(digits.lstrip("0")) <= 6 else _MAX_REPEAT + 1


def _code_point(digits: str, base: int) -> int:
    value = int(digits[:10], base) if len(digits) <= 10 else ANY[-1][1] + 1
    if value > ANY[-1][1]:
        raise ValueError("invalid escape sequence")
    return value
