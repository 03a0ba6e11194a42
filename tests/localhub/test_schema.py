"""The stored schema is GitHub's own, with the newer fields, and it comes up fast."""

from __future__ import annotations

import gzip

from graphql import (
    GraphQLEnumType,
    GraphQLObjectType,
    build_ast_schema,
    find_breaking_changes,
    get_named_type,
    parse,
)
from localhub.graphql.schema import schema
from localhub.schema.refresh import FOLDER, PACKAGE, compact


def test_newer_fields_stand_beside_the_official_ones():
    """The board's filter, dependencies and the status event are there; nothing old is gone."""
    types = schema().type_map
    project, issue, events = types["ProjectV2"], types["Issue"], types["IssueTimelineItemsItemType"]
    assert isinstance(project, GraphQLObjectType) and isinstance(issue, GraphQLObjectType)
    assert isinstance(events, GraphQLEnumType)
    assert {"query", "archivedStates", "orderBy"} <= set(project.fields["items"].args)
    assert {"blockedBy", "blocking", "issueDependenciesSummary", "subIssues"} <= set(issue.fields)
    assert {"PROJECT_V2_ITEM_STATUS_CHANGED_EVENT", "LABELED_EVENT"} <= set(events.values)
    assert len(types) > 1600


def test_status_event_reads_as_github_documents_it():
    event = schema().type_map["ProjectV2ItemStatusChangedEvent"]
    assert isinstance(event, GraphQLObjectType)
    assert {name: str(field.type) for name, field in event.fields.items()} == {
        "actor": "Actor", "createdAt": "DateTime!", "id": "ID!", "previousStatus": "String!", "project": "ProjectV2",
        "status": "String!", "wasAutomated": "Boolean!",
    }  # fmt: skip
    assert [interface.name for interface in event.interfaces] == ["Node", "ProjectV2Event"]


def test_every_extension_refers_to_known_types():
    """The schema is built without checks for speed, so this is where a typo shows."""
    for kind in schema().type_map.values():
        if isinstance(kind, GraphQLObjectType):
            assert all(get_named_type(field.type).name in schema().type_map for field in kind.fields.values())


def test_descriptions_are_gone_and_the_version_is_named():
    assert compact('"""A thing"""\ntype T {\n  "why"\n  f: Int @deprecated(reason: "old")\n}') == (
        'type T{f:Int@deprecated(reason:"old")}'
    )
    assert (FOLDER / "VERSION").read_text().startswith(PACKAGE)


def test_whatever_the_official_schema_accepts_is_accepted():
    """The newer fields take nothing away and change no type: a document that is right on GitHub is right here."""
    official = gzip.decompress((FOLDER / "github.graphql.gz").read_bytes()).decode()
    known = build_ast_schema(parse(official, no_location=True), assume_valid_sdl=True, assume_valid=True)
    assert [change.description for change in find_breaking_changes(known, schema())] == []
