"""Reading a page in tests: its fields, problems and text, from the parsed HTML."""

import re
from html.parser import HTMLParser

FRAME = {"html", "title", "link", "script", "meta", "header", "nav", "footer"}
VOID = {"input", "meta", "link", "br", "wbr", "hr", "img", "rect", "path", "circle"}


class Node:
    """An element with its attributes and children."""

    def __init__(self, tag, attributes=()):
        self.tag, self.attributes, self.children = tag, dict(attributes), []

    def walk(self):
        """This element and all elements inside it."""
        yield self
        for child in self.children:
            if isinstance(child, Node):
                yield from child.walk()

    @property
    def text(self):
        """The text inside that shows at once, blanks made single."""
        shown = (
            child
            for child in self.children
            if isinstance(child, str) or "popover" not in child.attributes
        )
        parts = [child if isinstance(child, str) else child.text for child in shown]
        return re.sub(r"\s+", " ", " ".join(parts)).strip()


class Page(HTMLParser):
    """A page, or the part of one that HTMX gets."""

    def __init__(self, html):
        super().__init__()
        self.root = Node("root")
        self.open = [self.root]
        self.feed(html)
        assert self.open == [self.root], [node.tag for node in self.open]

    def handle_starttag(self, tag, attrs):
        node = Node(tag, attrs)
        self.open[-1].children.append(node)
        if tag not in VOID:
            self.open.append(node)

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self.open[-1].tag == tag, (self.open[-1].tag, tag)
            self.open.pop()

    def handle_data(self, data):
        self.open[-1].children.append(data)

    @property
    def content(self):
        """The element of the content; the frame around it is the same on every page."""
        return next((n for n in self.root.walk() if n.tag == "main"), self.root)

    def all(self, tag, **attributes):
        """The elements with a tag and these attributes, those of the frame left out."""
        place = self.root if tag in FRAME else self.content
        return [
            node
            for node in place.walk()
            if node.tag == tag
            and all(node.attributes.get(k) == v for k, v in attributes.items())
        ]

    def one(self, tag, **attributes):
        """The only such element."""
        (node,) = self.all(tag, **attributes)
        return node

    @property
    def is_whole(self):
        """Whether it is a page and not a part of one."""
        return bool(self.all("html"))

    @property
    def text(self):
        """Everything that can be read."""
        return self.root.text

    @property
    def title(self):
        """The title."""
        return self.one("title").text

    @property
    def heading(self):
        """The one first heading."""
        return self.one("h1").text

    def fields(self):
        """The names of the fields that show."""
        named = [*self.all("input"), *self.all("select"), *self.all("textarea")]
        shown = [n.attributes for n in named if n.attributes.get("type") != "hidden"]
        return {a["name"] for a in shown if "name" in a}

    def hidden(self):
        """The hidden fields and their values."""
        fields = self.all("input", type="hidden")
        return {n.attributes["name"]: n.attributes["value"] for n in fields}

    def value(self, name):
        """What stands in a field."""
        return self.one("input", name=name).attributes["value"]

    def options(self, name):
        """The choices of a select: value to words."""
        options = [n for n in self.one("select", name=name).walk() if n.tag == "option"]
        return {n.attributes["value"]: n.text for n in options}

    def chosen(self, name):
        """The value of the option that is chosen."""
        options = [n for n in self.one("select", name=name).walk() if n.tag == "option"]
        chosen = [n.attributes["value"] for n in options if "selected" in n.attributes]
        return chosen[0] if chosen else None

    def radios(self, name):
        """The choices of radio buttons: value to words."""
        return {
            node.attributes["value"]: self.one(
                "label", **{"for": node.attributes["id"]}
            ).text
            for node in self.all("input", type="radio", name=name)
        }

    def checked(self, name):
        """The value of the radio button that is chosen."""
        chosen = [n.attributes for n in self.all("input", name=name)]
        return next((a["value"] for a in chosen if "checked" in a), None)

    def problems(self):
        """The links of the error summary: where they lead, and their words."""
        summary = self.one("div", **{"class": "govuk-error-summary"})
        links = [node for node in summary.walk() if node.tag == "a"]
        ids = {node.attributes.get("id") for node in self.root.walk()}
        assert all(link.attributes["href"][1:] in ids for link in links)
        return [(link.attributes["href"], link.text) for link in links]

    def error_beside(self, name):
        """The sentence beside a field, which its field refers to."""
        return self.one("p", id=f"{name}-error").text

    def links(self, words):
        """Where the links with these words lead."""
        return [n.attributes["href"] for n in self.all("a") if n.text == words]

    def link(self, words):
        """Where the one link with these words leads."""
        (address,) = self.links(words)
        return address


def read(response):
    """The page in a response."""
    assert response.mimetype == "text/html", response.mimetype
    return Page(response.text)


def follow(client, answer):
    """The page that a redirect leads to."""
    assert answer.status_code == 303, answer.text
    return read(client.get(answer.location))
