"""Static files: read and compressed once, with addresses that change with them."""

import gzip
import hashlib
import mimetypes
import re
from functools import cache, lru_cache
from pathlib import Path
from typing import NamedTuple

from flask import Flask, Response, abort, request, url_for

FOLDER = Path(__file__).with_name("static")
# Files that are served as one, so that a page needs fewer requests. The first script
# runs before the page is drawn.
JOINED = {
    "all.css": ("vendor/govuk-frontend.min.css", "spv.css"),
    "all.js": ("spv.js", "vendor/htmx.min.js"),
}
# A rule of a style sheet; a block, such as @media, that has no rule left; a class; a
# comment; and a word of a template, such as the name of a class or a part of it.
_RULE = re.compile(r"(?<![^{}])([^{}]++)\{[^{}]*+\}")
_EMPTY = re.compile(r"(?<![^{}])@[^{}]++\{(?:@[^{}]++\{\})*\}")
_CLASS = re.compile(r"govuk-[\w!-]+")
_COMMENT = re.compile(r"/\*.*?(?:\*/|\Z)", re.DOTALL)
_WORD = re.compile(r"[\w!-]+")
_SHORTER = {": ": ":", ", ": ",", "; ": ";", " {": "{", "{ ": "{", " }": "}", ";}": "}"}
NAMES = {path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*.*")}


class Asset(NamedTuple):
    """The content of a file, its gzip if that is shorter, and a short digest."""

    content: bytes
    gzip: bytes
    digest: str


def init_app(app: Flask) -> None:
    """Serve static files instead of Flask, which cannot compress them."""
    app.add_url_rule("/static/<path:filename>", "static", _serve)
    app.add_template_global(_address, "asset")


@cache
def _read(name: str) -> Asset:
    """Return a static file, or several joined as one; cached until a restart.

    Pages are not compressed: they contain a CSRF token, and the length of a compressed
    page that repeats what somebody sent would give it away (BREACH).
    """
    files = [(FOLDER / part).read_bytes() for part in JOINED.get(name, (name,))]
    content = b"\n".join(files)
    if name in JOINED:
        lines = (line.strip() for line in content.decode("utf-8-sig").split("\n"))
        text = "\n".join(line for line in lines if line and line[:2] != "//")
        content = (_shortened(text) if name == "all.css" else text).encode()
    # Without a time, every process produces the same bytes.
    compressed = gzip.compress(content, mtime=0)
    return Asset(
        content,
        compressed if len(compressed) < len(content) else b"",
        hashlib.sha256(content).hexdigest()[:12],
    )


def _shortened(css: str) -> str:
    """Leave out comments, spaces, and the rules for classes that no template has."""
    sources = [*FOLDER.parent.glob("templates/**/*.html"), *FOLDER.parent.glob("*.py")]
    texts = [path.read_text(encoding="utf-8") for path in (*sources, FOLDER / "spv.js")]
    words = {word for text in texts for word in _WORD.findall(text)}

    def is_used(name: str) -> bool:
        """Tell whether a template has a class name, or the two parts of one."""
        parts = ((name[:i], name[i:]) for i in range(len("govuk-") + 1, len(name)))
        return name in words or any(words.issuperset(pair) for pair in parts)

    def keep(rule: re.Match[str]) -> str:
        names = map(_CLASS.findall, rule[1].replace("\\", "").split(","))
        return rule[0] if any(all(map(is_used, each)) for each in names) else ""

    css = _EMPTY.sub("", _RULE.sub(keep, _COMMENT.sub("", css))).replace("\n", "")
    for longer, shorter in _SHORTER.items():
        css = css.replace(longer, shorter)
    return css


def _address(name: str) -> str:
    """Return a file's address with its digest, so that browsers can cache it."""
    return _address_under(request.script_root, name)


@lru_cache(100)
def _address_under(_prefix: str, name: str) -> str:
    return url_for("static", filename=name, v=_read(name).digest)


def _serve(filename: str) -> Response:
    """Serve a file; only its current address may be cached for long.

    Nothing here reads the session: browsers would fetch the file again in each session.
    """
    if filename not in NAMES | JOINED.keys():
        abort(404)
    file = _read(filename)
    is_gzip = bool(file.gzip) and request.accept_encodings.quality("gzip") > 0
    body = file.gzip if is_gzip else file.content
    kind = mimetypes.guess_type(filename)[0] or "application/octet-stream"
    response = Response(body, mimetype=kind)
    response.set_etag(f"{file.digest}-gzip" if is_gzip else file.digest)
    if file.gzip:
        response.vary.add("Accept-Encoding")
    if is_gzip:
        response.content_encoding = "gzip"
    is_current = request.args.get("v") == file.digest
    response.headers["Cache-Control"] = (
        "public, max-age=31536000, immutable" if is_current else "public, no-cache"
    )
    response.make_conditional(request, accept_ranges=True, complete_length=len(body))
    return response
