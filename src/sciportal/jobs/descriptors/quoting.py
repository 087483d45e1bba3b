"""Where values may stand in a script: outside of all quotation marks.

A quoted value is one word of sh only there; within double quotes, for example, its own quotation
marks protect nothing. This reads the text of a template as sh would, and says which of its
expressions stand elsewhere. What it cannot be sure of, it takes for elsewhere.
"""

from __future__ import annotations

import re

_WORD_ENDS = frozenset(" \t\n;|&()")
_HERE = re.compile(r"(-?)[ \t]*(?:'([^'\n]+)'|\"([^\"\n]+)\"|\\?([A-Za-z0-9_]+))(?=[ \t\n;|&)]|\Z)")
_PLAIN = "plain"
_SINGLE = "in single quotes"
_DOUBLE = "in double quotes"
_COMMENT = "in a comment"
_HERE_DOCUMENT = "in a here-document"
_ARITHMETIC = "in arithmetic"
_BRACE = "in ${...}"
_PAREN = "in parentheses"


class Reader:
    """Reads the text of a script piece by piece, as far as the pieces are known."""

    def __init__(self) -> None:
        self._stack = [_PLAIN]
        self._pending: list[tuple[bool, str]] = []
        self._line = ""
        self._before = "\n"
        self.unsure = ""
        """Behind what it is no longer sure."""

    @property
    def place(self) -> str:
        """Where the next piece stands; empty where a value may."""
        if self.unsure:
            return self.unsure
        if self._stack[-1] not in (_PLAIN, _PAREN):
            return self._stack[-1]
        # $'...' has rules of its own, and a backslash takes the first quotation mark away.
        return f"behind {self._before}" if self._before in ("\\", "$") else ""

    def value(self) -> None:
        """A value stands here."""
        self._before = "x"
        self._line += "x"

    def end(self) -> str:
        """What is not closed at the end; empty where nothing is."""
        left = [each for each in self._stack[1:] if each != _COMMENT]
        if self.unsure or not (left or self._pending):
            return ""
        return left[-1] if left else _HERE_DOCUMENT

    def text(self, text: str) -> None:
        """Read a piece of the script."""
        at = 0
        while at < len(text):
            at += self._step(text, at)

    def _step(self, text: str, at: int) -> int:
        """Read a sign, or some; how many."""
        sign, state = text[at], self._stack[-1]
        if state == _HERE_DOCUMENT:
            self._in_here_document(sign)
            return 1
        if self._before == "\\" and state not in (_SINGLE, _COMMENT):
            self._before = "x"
            return 1
        if state in (_PLAIN, _PAREN, _BRACE, _ARITHMETIC):
            length = self._outside(text, at, state)
        elif state == _DOUBLE:
            length = self._in_double(text, at)
        else:
            length = 1
            if (state, sign) in ((_SINGLE, "'"), (_COMMENT, "\n")):
                self._stack.pop()
        if sign == "\n" and self._pending and self._stack[-1] in (_PLAIN, _PAREN):
            self._line = ""
            self._stack.append(_HERE_DOCUMENT)
        self._before = text[at + length - 1]
        return length

    def _outside(self, text: str, at: int, state: str) -> int:
        sign = text[at]
        opened = self._opening(text, at)
        if opened:
            return opened
        if sign == "'":
            # Shells differ in what these two are.
            if self._before == "$" or (state == _BRACE and _DOUBLE in self._stack):
                self.unsure = f"behind {self._before}' or the like"
            self._stack.append(_SINGLE)
        elif sign == '"':
            self._stack.append(_DOUBLE)
        elif sign == "#" and self._before in _WORD_ENDS and state in (_PLAIN, _PAREN):
            self._stack.append(_COMMENT)
        elif sign == "(" and state in (_PLAIN, _PAREN, _ARITHMETIC):
            arithmetic = state == _ARITHMETIC or text.startswith("((", at)
            self._stack.append(_ARITHMETIC if arithmetic else _PAREN)
        elif (sign, state) in ((")", _PAREN), (")", _ARITHMETIC), ("}", _BRACE)):
            self._stack.pop()
        elif text.startswith("<<", at) and state in (_PLAIN, _PAREN):
            return self._here(text, at)
        elif state == _PAREN and re.compile(r"case\b").match(text, at) and self._fresh():
            # Its patterns end in parentheses that nobody opened.
            self.unsure = "behind a case in parentheses"
        return 1

    def _opening(self, text: str, at: int) -> int:
        """Enter what `$((`, `$(` and `${` open; how many signs."""
        for words, state in (("$((", _ARITHMETIC), ("$(", _PAREN), ("${", _BRACE)):
            if text.startswith(words, at):
                self._stack.append(state)
                # The second parenthesis closes, too.
                if state == _ARITHMETIC:
                    self._stack.append(state)
                return len(words)
        if text[at] == "`":
            # Within them backslashes have another meaning; $(...) does the same without.
            self.unsure = "behind a backquote"
        return 0

    def _in_double(self, text: str, at: int) -> int:
        opened = self._opening(text, at)
        if opened:
            return opened
        if text[at] == '"':
            self._stack.pop()
        return 1

    def _fresh(self) -> bool:
        return self._before in _WORD_ENDS

    def _here(self, text: str, at: int) -> int:
        if text.startswith("<<<", at):
            return 3
        found = _HERE.match(text, at + 2)
        if found is None:
            self.unsure = "behind << with an end that is not clear"
            return 2
        self._pending.append((found[1] == "-", found[2] or found[3] or found[4]))
        return found.end() - at

    def _in_here_document(self, sign: str) -> None:
        if sign != "\n":
            self._line += sign
            return
        tabs, end = self._pending[0]
        if (self._line.lstrip("\t") if tabs else self._line) == end:
            self._pending.pop(0)
            if not self._pending:
                self._stack.pop()
                self._before = "\n"
        self._line = ""
