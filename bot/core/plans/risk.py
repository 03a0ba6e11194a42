"""How much harm a piece of work could do: from what its text names, with a reason for each point. Only text decides."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from bot.core.plans.plan import Phase, Plan, Risk

MEDIUM, HIGH, CRITICAL = 2, 4, 6  # points from which it is so
MANY_AGENTS = 5  # more than these at one task are a risk of their own


@dataclass(frozen=True)
class Danger:
    what: str  # ends the sentence "it ..."
    points: int
    words: re.Pattern[str]


def _danger(what: str, points: int, *words: str) -> Danger:
    return Danger(what, points, re.compile(rf"\b(?:{'|'.join(words)})\b", re.IGNORECASE))


HARMS = (
    _danger(
        "destroys what cannot be brought back",
        3,
        r"drop(?:s|ping)?\s+(?:\w+\s+){0,4}(?:tables?|databases?|columns?|index(?:es)?|schemas?)",
        r"truncat(?:e|es|ing)\s+(?:\w+\s+){0,3}(?:tables?|data)",
        r"(?:delet|eras)(?:e|es|ing)\s+(?:all|every)\s+(?:\w+\s+){0,2}(?:users?|accounts?|customers?|records?|rows|data|backups?)",
        r"purg(?:e|es|ing)|wip(?:e|es|ing)|destroy(?:s|ing)?|force[- ]push(?:es|ing)?|rm -rf",
    ),
    _danger(
        "takes something away",
        1,
        r"delet(?:e|es|ing)|remov(?:e|es|ing)|eras(?:e|es|ing)|revok(?:e|es|ing)|overwrit(?:e|es|ing)|reset(?:s|ting)?",
    ),
)
DANGERS = (
    *HARMS,
    _danger("touches what runs for real users", 3, r"prod(?:uction)?|live (?:data|system|traffic)|customer data"),
    _danger(
        "touches money", 2, r"payments?|billing|invoices?|(?<!git )checkout|refunds?|payouts?|credit cards?|pricing"
    ),
    _danger(
        "touches who may do what",
        2,
        "auth|authentication|authori[sz]ation|log-?ins?|passwords?|permissions?|oauth2?|jwts?|access control|sso|rbac",
        "two-factor|2fa|mfa|sign-?ins?|admins?|impersonat(?:e|es|ing|ion)|session cookies?|csrf|cors",
    ),
    _danger(
        "touches secrets",
        2,
        "secrets?|credentials?|(?:api|private|signing)[- ]keys?|(?:en|de)crypt(?:s|ion|ed)?|certificates?|tls|ssl",
        "(?:api|access|refresh|bearer|auth) tokens?",
    ),
    _danger("touches stored data", 2, "databases?|schemas?|sql|data migrations?|backfills?"),
    _danger("changes the shape of stored data", 2, "(?<!/)migrations?(?!/)"),
    _danger(
        "touches what is deployed",
        2,
        "deploy(?:s|ing|ments?)?|infrastructure|terraform|kubernetes|helm|dns|firewalls?",
    ),
    _danger("touches what checks every change", 2, r"(?<![/.-])ci(?:/cd)?(?![/-]|\.\w)|github actions|jenkinsfile"),
    _danger("touches people's personal data", 2, "pii|gdpr|personal data"),
)
DOTTED = r"(?:\.github|\.circleci|\.gitlab-ci\.yml|\.env|\.claude|\.mcp\.json|AGENTS\.md|CLAUDE\.md)"
NAMED = r"(?:migrations?|migrate|terraform|infra|secrets?)"  # folders; alone they are words
PATHS = re.compile(
    rf"(?:^|[\s`'\"(])((?:[\w.-]+/)*{DOTTED}(?:/[\w./*-]*)?"
    rf"|(?:[\w.-]+/)*{NAMED}/[\w./*-]*|(?:[\w.-]+/)+{NAMED})(?=$|[\s`'\"),.:;])"
)
READS = re.compile(
    r"^(?:please\s+)?(?:review|analy[sz]e|investigate|research|explain|document|summari[sz]e|list|find|explore|describe|"
    r"look into|read|compare|report)\b",
    re.IGNORECASE,
)


def risk_of(summary: str, body: str = "", agents: int = 1) -> tuple[Risk, tuple[str, ...]]:
    """What the summary names counts whole; what only the longer text names, one point. Who reads does less harm, unless
    the same words destroy or take something away."""
    points = 0
    reasons: list[str] = []
    for danger in DANGERS:
        if found := danger.words.search(summary):
            points += danger.points
        elif found := danger.words.search(body):
            points += 1
        if found:
            reasons.append(f"`{' '.join(found[0].split())}`: it {danger.what}")
    if found := PATHS.search(f"{summary}\n{body}"):
        points += 2
        reasons.append(f"`{found[1]}` is a sensitive path")
    if agents > MANY_AGENTS:
        points += 2
        reasons.append(f"{agents} agents work on it")
    if _foreign(summary):
        points += 2
        reasons.append("its words are not of the English these rules know")
    if points and READS.match(summary.strip()) and not any(harm.words.search(summary) for harm in HARMS):
        points //= 2
        reasons.append("it reads rather than changes, which halves what is said above")
    return _level(points), tuple(reasons) or ("nothing it names is sensitive",)


def asking(plan: Plan) -> Plan:
    """With the approvals that its risk asks for: of all of it, and of each phase that changes files."""
    if plan.risk not in ("HIGH", "CRITICAL"):
        return plan
    phases = tuple(map(_asking, plan.phases)) if plan.risk == "CRITICAL" else plan.phases
    return replace(plan, phases=phases, approval=plan.approval or f"the risk is {plan.risk}")


def _asking(phase: Phase) -> Phase:
    changing = any(step.changes for step in phase.steps)
    return (
        replace(phase, approval=phase.approval or "it changes files, and the risk is CRITICAL") if changing else phase
    )


def _foreign(text: str) -> bool:
    """Most of it is written in other letters."""
    letters = [letter for letter in text if letter.isalpha()]
    return sum(not letter.isascii() for letter in letters) * 2 > len(letters)


def _level(points: int) -> Risk:
    if points >= CRITICAL:
        return "CRITICAL"
    if points >= HIGH:
        return "HIGH"
    return "MEDIUM" if points >= MEDIUM else "LOW"
