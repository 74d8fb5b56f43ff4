"""Help: documents of docs/ as HTML, the OpenAPI document, terms of the scheme."""

import re
import tomllib
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from markdown_it import MarkdownIt
from markdown_it.token import Token

from spv.rules.ledger.statements import REASONS
from spv.rules.stc.system_types import SystemType

_BETWEEN_WORDS = re.compile("[^a-z0-9]+")
FOLDER = Path(__file__).parent
# Where a link of a document goes, seen from /help. A link to another file is only text.
LINKS = {"api.md": "help/api"}
CLASSES = {
    "a": "govuk-link", "p": "govuk-body",
    "h2": "govuk-heading-m", "h3": "govuk-heading-s",
    "ol": "govuk-list govuk-list--number", "ul": "govuk-list govuk-list--bullet",
    "table": "govuk-table", "td": "govuk-table__cell", "th": "govuk-table__header",
}  # fmt: skip


class Term(NamedTuple):
    """A term of the scheme: its id on the help page, its words, and a sentence."""

    id: str
    words: str
    sentence: str


class Document(NamedTuple):
    """A document: its title, the HTML below it, and its headings (id and words)."""

    title: str
    html: str
    headings: list[tuple[str, str]]

    def __html__(self) -> str:
        """Return the text as templates insert it: it is our own, without raw HTML."""
        return self.html


def slug(words: str) -> str:
    """Return the id of a heading or a term."""
    return _BETWEEN_WORDS.sub("-", words.lower()).strip("-")


_TERMS = tomllib.loads((FOLDER / "terms.toml").read_text(encoding="utf-8"))
TERMS = {name: Term(f"term-{slug(name)}", **texts) for name, texts in _TERMS.items()}


@cache
def document(name: str) -> Document:
    """Return a document of docs/."""
    text = (FOLDER.parent / f"docs/{name}.md").read_text(encoding="utf-8")
    # Raw HTML is escaped, and quotation marks become “ and ”, as on other pages.
    markdown = MarkdownIt("js-default", {"typographer": True}).disable("replacements")
    _, title, _, *tokens = markdown.parse(text)
    headings = []
    for token, following in pairwise(tokens):
        if token.type == "heading_open":
            token.attrSet("id", slug(following.content))
            if token.tag == "h2":
                headings.append((slug(following.content), following.content))
    _add_classes(tokens)
    html = markdown.renderer.render(tokens, markdown.options, {})
    return Document(title.content, html, headings)


def _add_classes(tokens: list[Token]) -> None:
    """Give each element its class, and each link its address in the app."""
    for token in tokens:
        is_served = True
        for each in (token, *(token.children or ())):
            if each.type in ("code_block", "fence"):
                each.type = "code_block"  # a fence puts the class on an inner element
                each.attrSet("class", "spv-pre")
            elif each.nesting == 1 and each.tag in CLASSES:
                each.attrSet("class", CLASSES[each.tag])
            if each.type == "link_open":
                address = str(each.attrGet("href"))
                is_served = address in LINKS or address.startswith(("https:", "#"))
                each.attrSet("href", LINKS.get(address, address))
            if each.tag == "a":
                each.hidden = not is_served


@cache
def _parsed() -> tuple[dict[str, Any], dict[str, str]]:
    """Return the OpenAPI document, and the meaning of each error code."""
    text = (FOLDER / "openapi.yaml").read_text(encoding="utf-8")
    content: dict[str, Any] = yaml.safe_load(text)
    invalidation = content["components"]["schemas"]["InvalidationRequest"]["properties"]
    invalidation["reason"]["enum"].extend(REASONS)
    calculation = content["paths"]["/api/stc/v1/calculation"]["get"]["parameters"]
    calculation[0]["schema"]["enum"].extend(map(str, SystemType))
    return content, content.pop("x-shared")["error-codes"]


def openapi() -> dict[str, Any]:
    """Return the OpenAPI document as it is served."""
    return _parsed()[0]


@cache
def operations(tag: str) -> dict[str, dict[str, Any]]:
    """Return the operations with a tag by their id, each with its method and path."""
    return {
        operation["operationId"]: {"method": method.upper(), "path": path, **operation}
        for path, methods in openapi()["paths"].items()
        for method, operation in methods.items()
        if tag in operation["tags"]
    }


def error_codes() -> dict[str, str]:
    """Return the meaning of each error code."""
    return _parsed()[1]
