"""For the machine that watches this one."""

from flask import Blueprint, Response, jsonify

from spv import readiness

bp = Blueprint("health", __name__)


@bp.get("/healthz")
def alive() -> Response:
    """The process answers."""
    return jsonify({"status": "alive"})


@bp.get("/readyz")
def ready() -> tuple[Response, int]:
    """Answer whether everything can be read and saved; 503 with the reason if not."""
    if problem := readiness.problem():
        return jsonify({"status": "not ready", "reason": problem}), 503
    return jsonify({"status": "ready"}), 200
