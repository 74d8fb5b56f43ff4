"""What the documents say is what the app does."""

import json
import os
import re
import shlex
import subprocess
from pathlib import Path
from urllib.parse import urlencode

from spv import demo, guide
from spv.rules.ledger import panel_check
from tests.api import key_of, subscribe
from tests.people import acting
from tests.server import serve

DOCS = Path(__file__).parents[1] / "docs"
UPLOADING, API = (
    (DOCS / "api.md").read_text(encoding="utf-8").split("## Calculating certificates")
)


def test_the_api_page_names_every_parameter():
    table = re.search(r"\| parameter \|.*?\n\n", API, re.S)[0]
    named = re.findall(r"^\| (`.*?) \|", table, re.M)
    described = guide.operations("STC calculator")["calculate"]["parameters"]
    names = {parameter["name"] for parameter in described}
    assert {*re.findall(r"`(\w+)`", "".join(named))} == names


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


def test_the_first_upload_is_answered_as_the_page_says(database_url, demonstration):
    """Its commands as they stand, but for the address of the server."""
    key = key_of(subscribe(acting(demo.VSP_USER)))
    commands = re.findall(r"^ +(curl -sS.*?)\n\n", UPLOADING, re.S | re.M)
    assert len(commands) == 2
    said = json.loads(re.search(r"```json\n(.*?)```", UPLOADING, re.S)[1])
    with serve(database_url) as (address, _process):
        told = [answer(c, address, key) for c in (commands[0], *commands)]
    assert told[0].keys() == said.keys()
    assert (told[0]["result"], told[0]["accepted"]) == ("Successful", 1)
    assert told[1] == told[0]
    assert (told[2]["status"], told[2]["own"]) == ("valid", True)


def answer(command, address, key):
    """What a command of the page is answered."""
    done = subprocess.run(
        command.replace("http://127.0.0.1:5000", address), shell=True, check=True,
        env=os.environ | {"SPV_KEY": key}, capture_output=True,
    )  # fmt: skip
    return json.loads(done.stdout)


def test_the_api_page_names_only_codes_that_are_there():
    named = set(re.findall(r"`([a-z]+(?:_[a-z]+)+)`", UPLOADING))
    assert named
    statuses = {result.name.lower() for result in panel_check.Result}
    assert named - statuses <= guide.error_codes().keys()
    assert all(f"`{status}`" in UPLOADING for status in statuses)


def test_the_curl_of_the_check_of_panels(client):
    command = re.search(r"curl (http.*?)\n\n", UPLOADING, re.S)[1].replace("\\\n", " ")
    address, _, kind, _, body = shlex.split(command)
    path = address.removeprefix("http://127.0.0.1:5000")
    content_type = kind.removeprefix("Content-Type: ")
    answer = client.post(path, data=body, content_type=content_type).json
    sent = json.loads(body)["serialNumbers"]
    assert [each["serialNumber"] for each in answer["serialNumbers"]] == sent


def test_the_units_of_operations_name_commands_that_are_there(app):
    text = (DOCS / "operations.md").read_text(encoding="utf-8")
    commands = re.findall(r"ExecStart=.*/flask --app app (.*)", text)
    assert commands == ["nightly", "audit checkpoint"]
    for command in commands:
        assert app.test_cli_runner().invoke(args=command.split()).exit_code == 0
