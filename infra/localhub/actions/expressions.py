"""Evaluates the `${{ }}` expressions of workflow files: a small, honest part of GitHub's language.

Simulated: literals, contexts that the caller hands in, `! < <= > >= == != && ||`, parentheses, `a.b`, `a['b']`, and the
functions in FUNCTIONS beside success(), failure(), cancelled() and always(). Anything else raises NotSimulated, whose
message ends up in the job's log; nothing is quietly taken for null.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from localhub.actions.values import FUNCTIONS, Value, as_text, equal, in_order, is_true, member

JobStatus = Literal["success", "failure", "cancelled", "skipped"]
STATUS_CALL = re.compile(r"\b(success|failure|cancelled|always)\s*\(")
TOKEN = re.compile(
    r"\s*(?:(?P<number>-?\d+(?:\.\d+)?)|(?P<string>'(?:[^']|'')*')|(?P<name>[A-Za-z_][\w-]*)"
    r"|(?P<sign>==|!=|<=|>=|&&|\|\||[!<>().\[\],]))"
)
LITERALS: dict[str, Value] = {"true": True, "false": False, "null": None}


class NotSimulated(Exception):
    """localhub does not know how GitHub would evaluate this."""


@dataclass(frozen=True)
class Scope:
    """What an expression can see: the contexts by name, and how things stand for success() and its kin."""

    contexts: Mapping[str, Value]
    status: JobStatus = "success"


def interpolate(template: str, scope: Scope) -> str:
    """`template` with every `${{ expression }}` replaced by its value as text."""
    return re.sub(r"\$\{\{(.*?)\}\}", lambda found: as_text(evaluate(found[1], scope)), template, flags=re.DOTALL)


def holds(condition: str, scope: Scope) -> bool:
    """Whether an `if:` lets its job or step run: success() is meant unless a status function is called."""
    inner = condition.strip()
    if inner.startswith("${{") and inner.endswith("}}") and inner.count("${{") == 1:
        inner = inner[3:-2]
    if "${{" in inner:
        raise NotSimulated(f"`if: {condition}` mixes text and expressions, which localhub does not simulate")
    if not STATUS_CALL.search(inner) and scope.status != "success":
        return False
    return is_true(evaluate(inner, scope))


def evaluate(expression: str, scope: Scope) -> Value:
    parser = _Parser(expression, scope)
    value = parser.either()
    parser.end()
    return value


class _Parser:
    """Recursive descent that computes as it reads: an expression is read once and evaluated once."""

    def __init__(self, expression: str, scope: Scope) -> None:
        self.expression = expression.strip()
        self.scope = scope
        self.tokens = self._tokens()
        self.at = 0

    def either(self) -> Value:
        value = self.both()
        while self._take("||"):
            other = self.both()
            value = value if is_true(value) else other
        return value

    def both(self) -> Value:
        value = self.equality()
        while self._take("&&"):
            other = self.equality()
            value = other if is_true(value) else value
        return value

    def equality(self) -> Value:
        value = self.order()
        while sign := self._take("==", "!="):
            value = equal(value, self.order()) == (sign == "==")
        return value

    def order(self) -> Value:
        value = self.negation()
        while sign := self._take("<=", ">=", "<", ">"):
            value = in_order(sign, value, self.negation())
        return value

    def negation(self) -> Value:
        return not is_true(self.negation()) if self._take("!") else self.access()

    def access(self) -> Value:
        value = self.primary()
        while sign := self._take(".", "["):
            if sign == ".":
                key: Value = self._need("name")
            else:
                key = self.either()
                self._expect("]")
            value = member(value, key)
        return value

    def primary(self) -> Value:
        kind, token = self._next()
        if kind == "number":
            return float(token)
        if kind == "string":
            return token[1:-1].replace("''", "'")
        if token == "(":
            value = self.either()
            self._expect(")")
            return value
        if kind != "name":
            raise self._unknown(f"`{token}` is unexpected")
        return self._call(token) if self._take("(") else self._named(token)

    def _named(self, name: str) -> Value:
        if name in LITERALS:
            return LITERALS[name]
        if name not in self.scope.contexts:
            raise self._unknown(f"the context `{name}` is not simulated here")
        return self.scope.contexts[name]

    def _call(self, name: str) -> Value:
        arguments: list[Value] = []
        while not self._take(")"):
            if arguments:
                self._expect(",")
            arguments.append(self.either())
        if name in ("success", "failure", "cancelled"):
            return self.scope.status == name
        if name == "always":
            return True
        function = FUNCTIONS.get(name.lower())
        if function is None:
            raise self._unknown(f"the function `{name}` is not simulated")
        try:
            return function(*arguments)
        except (TypeError, ValueError, IndexError) as error:
            raise self._unknown(f"`{name}` refused its arguments") from error

    def _tokens(self) -> list[tuple[str, str]]:
        found, at = [], 0
        while at < len(self.expression):
            match = TOKEN.match(self.expression, at)
            if match is None or match.lastgroup is None:
                raise self._unknown(f"`{self.expression[at : at + 10]}` is unexpected")
            found.append((match.lastgroup, match[match.lastgroup]))
            at = match.end()
        return found

    def end(self) -> None:
        if self.at < len(self.tokens):
            raise self._unknown(f"`{self.tokens[self.at][1]}` is unexpected")

    def _take(self, *signs: str) -> str:
        if self.at < len(self.tokens) and self.tokens[self.at][0] == "sign" and self.tokens[self.at][1] in signs:
            self.at += 1
            return self.tokens[self.at - 1][1]
        return ""

    def _next(self) -> tuple[str, str]:
        if self.at >= len(self.tokens):
            raise self._unknown("it ends too early")
        self.at += 1
        return self.tokens[self.at - 1]

    def _need(self, kind: str) -> str:
        found, token = self._next()
        if found != kind:
            raise self._unknown(f"`{token}` is unexpected")
        return token

    def _expect(self, sign: str) -> None:
        if not self._take(sign):
            raise self._unknown(f"`{sign}` is missing")

    def _unknown(self, why: str) -> NotSimulated:
        return NotSimulated(f"localhub cannot evaluate the expression `{self.expression}`: {why}")
