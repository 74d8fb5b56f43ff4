"""The statements that some work sends, and the steps by which their rows are found."""

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


def steps(statement, values):
    """Return the steps of a query's plan: texts of SQLite, or PostgreSQL's nodes."""
    explain = db.session.connection().exec_driver_sql
    if db.engine.dialect.name == "sqlite":
        return [step for *_, step in explain(f"EXPLAIN QUERY PLAN {statement}", values)]
    explain("SET LOCAL enable_seqscan = off")  # small tables would be read whole
    plan = explain(f"EXPLAIN (FORMAT JSON) {statement}", values)
    nodes = [plan.scalar()[0]["Plan"]]
    for node in nodes:
        nodes += node.get("Plans", [])
    return nodes


def scans(sent):
    """Yield the tables that are read without a condition of an index, or its order."""
    for statement, values in sent:
        for step in steps(statement, values):
            if isinstance(step, dict):
                if step["Node Type"] == "Seq Scan":
                    yield step["Relation Name"]
            elif found := re.match(r"SCAN (?!CONSTANT ROW)(\w+)", step):
                if not (is_page := re.search(r"ORDER BY \w+\.id DESC", statement)):
                    yield found[1]
                assert not is_page or found[1] in statement.split("ORDER BY ")[1], step
