"""The statements that some work sends, and the tables that their plans read whole."""

import re

from sqlalchemy import event

from spv.extensions import db


def statements(work):
    """Return the queries that some work sends, with their values."""
    sent = []

    def catch(_connection, _cursor, statement, values, *_):
        if statement.startswith("SELECT"):
            sent.append((statement, values))

    event.listen(db.engine, "before_cursor_execute", catch)
    try:
        work()
    finally:
        event.remove(db.engine, "before_cursor_execute", catch)
    return sent


def scans(sent):
    """Yield the tables that are read without a condition of an index, or its order."""
    sqlite = db.engine.dialect.name == "sqlite"
    for statement, values in sent:
        plan = _sqlite_scans if sqlite else _postgresql_scans
        yield from plan(db.session.connection(), statement, values)


def _sqlite_scans(connection, statement, values):
    plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
    for *_, step in plan:
        if found := re.match(r"SCAN (?!CONSTANT ROW)(\w+)", step):
            if not (is_page := re.search(r"ORDER BY \w+\.id DESC", statement)):
                yield found[1]
            assert not is_page or found[1] in statement.split("ORDER BY ")[1], step


def _postgresql_scans(connection, statement, values):
    """Small tables would be read whole: forbid that."""
    connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
    plan = connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", values)
    nodes = [plan.scalar()[0]["Plan"]]
    for node in nodes:
        nodes += node.get("Plans", [])
        if node["Node Type"] == "Seq Scan":
            yield node["Relation Name"]
