"""What the documents say is what the app does."""

import json
import re
import shlex
from pathlib import Path
from urllib.parse import urlencode

from spv.views.openapi import PARAMETERS

DOCS = Path(__file__).parents[1] / "docs"
API = (DOCS / "api.md").read_text(encoding="utf-8")


def test_the_api_page_names_every_parameter():
    table = re.search(r"\| parameter \|.*?\n\n", API, re.S)[0]
    named = re.findall(r"^\| (`.*?) \|", table, re.M)
    assert set(re.findall(r"`(\w+)`", "".join(named))) == set(PARAMETERS)


def test_the_curl_of_the_api_page_is_answered_as_it_says(client):
    command = re.search(r"curl -G (.*?)\n\n", API, re.S)[1].replace("\\\n", " ")
    words = shlex.split(command)
    query = urlencode(dict(word.split("=") for word in words[2::2]))
    path = words[0].removeprefix("http://127.0.0.1:5000")
    answer = client.get(f"{path}?{query}").json
    success, error = map(json.loads, re.findall(r"```json\n(.*?)```", API, re.S))
    for name in ("working", "warnings"):
        assert success.pop(name)[0] in answer[name]
    for name in ("reference", "resultUrl"):  # another one each time
        assert success.pop(name)
        assert answer[name]
    assert answer | success == answer
    refused = client.get(f"{path}?{query.replace('2150', '21')}").json
    assert refused == error
