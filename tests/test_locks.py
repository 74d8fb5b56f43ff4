"""The three locks are complete: they pin everything that their packages require.

`make lock` writes the locks, and then, with `python -m tests.test_locks`, the
requirements of each pinned package into a file beside the tests. So the tests need no
network, and a release that appears later changes nothing.
"""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
LOCKS = ["requirements.txt", "requirements-dev.txt", "requirements-bench.txt"]
REQUIRED = ROOT / "tests/data/requirements.json"
# The oldest Python that is supported, and the newest that the locks were tried with.
PYTHONS = ["3.11", "3.14"]
PLATFORMS = ["linux", "darwin"]


def pins_of(text, environment):
    """Return the pins of a lock that apply in an environment, by name."""
    lines = re.findall(r"^([a-z0-9][^\\\n]*?) *\\?$", text, re.MULTILINE)
    return {
        canonicalize_name(pin.name): pin
        for pin in map(Requirement, lines)
        if pin.marker is None or pin.marker.evaluate(environment)
    }


def direct(name):
    """Yield the direct requirements of a lock, from its .in file."""
    for line in (ROOT / name).read_text().splitlines():
        text = line.partition("#")[0].strip()
        if text.startswith("-r "):
            yield from direct(text[3:])
        elif text:
            yield Requirement(text)


def wanted(pins, required, environment):
    """Yield the requirements of each pinned package and of its extras."""
    for pin in pins.values():
        known = required.get(f"{canonicalize_name(pin.name)} {pin.specifier}")
        if known is None:
            yield pin, None
            continue
        for extra in ("", *pin.extras):
            for requirement in map(Requirement, known):
                marker = requirement.marker
                if not marker or marker.evaluate(environment | {"extra": extra}):
                    yield pin, requirement


def faults(text, wishes, required, environment):
    """Yield a sentence for each requirement that a lock does not satisfy."""
    pins = pins_of(text, environment)
    written = [("the .in file", each) for each in wishes]
    for source, requirement in [*written, *wanted(pins, required, environment)]:
        if requirement is None:
            yield f"{source}: its requirements are not known; run make lock"
            continue
        pin = pins.get(canonicalize_name(requirement.name))
        if pin is None:
            yield f"{source} wants {requirement}, which is not in the lock"
        elif not requirement.specifier.contains(version_of(pin), prereleases=True):
            yield f"{source} wants {requirement}, and the lock has {pin}"
        elif missing := requirement.extras - pin.extras:
            yield f"{source} wants {requirement}, and the lock lacks {missing}"


def version_of(pin):
    """Return the version that a lock pins."""
    (specifier,) = pin.specifier
    assert specifier.operator == "==", pin
    return specifier.version


ENVIRONMENTS = [
    default_environment()
    | {
        "python_version": python,
        "python_full_version": f"{python}.0",
        "sys_platform": platform,
        "platform_system": platform.capitalize(),
        "os_name": "posix",
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
    }
    for python in PYTHONS
    for platform in PLATFORMS
]


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_has_all_that_its_packages_ask_for(name):
    text, required = (ROOT / name).read_text(), json.loads(REQUIRED.read_text())
    wishes = [*direct(name.replace(".txt", ".in"))]
    for environment in ENVIRONMENTS:
        assert [*faults(text, wishes, required, environment)] == []


@pytest.mark.parametrize(
    ("pattern", "instead", "message"),
    [
        (r"coverage\[toml\]==", "coverage==", "lacks {'toml'}"),
        (r"(?m)^iniconfig==(.*\n)+?(?=\S)", "", "iniconfig"),
        (r"psycopg\[binary\]==", "psycopg==", "lacks {'binary'}"),
        (r"werkzeug==\S+", "werkzeug==0.1", "the lock has werkzeug==0.1"),
        (r"pluggy==\S+", "pluggy==99", "not known; run make lock"),
    ],
)
def test_the_missing_part_of_a_damaged_lock_is_named(pattern, instead, message):
    text = (ROOT / "requirements-dev.txt").read_text()
    damaged, count = re.subn(pattern, instead, text, count=1)
    assert count
    required, wishes = json.loads(REQUIRED.read_text()), direct("requirements-dev.in")
    assert message in " ".join(faults(damaged, wishes, required, ENVIRONMENTS[0]))


def test_the_locks_agree_on_versions():
    """The tests run with the versions that `make run` installs."""
    first, *others = (pins_of((ROOT / n).read_text(), ENVIRONMENTS[0]) for n in LOCKS)
    for pins in others:
        assert {name: version_of(pins[name]) for name in first} == {
            name: version_of(pin) for name, pin in first.items()
        }


def main():
    """Write the requirements of every pinned package; needs the package index."""
    required = {}
    for name in LOCKS:
        for environment in ENVIRONMENTS[:: len(PLATFORMS)]:
            pins = pins_of((ROOT / name).read_text(), environment).values()
            command = [
                sys.executable, "-m", "pip", "install", "--dry-run", "--no-deps",
                "--quiet", "--report=-", "--ignore-installed", "--target=unused",
                "--ignore-requires-python", "--only-binary=:all:",
                *(f"{pin.name}{pin.specifier}" for pin in pins),
                f"--python-version={environment['python_version']}",
            ]  # fmt: skip
            ran = subprocess.run(command, check=True, stdout=subprocess.PIPE)
            for each in json.loads(ran.stdout)["install"]:
                data = each["metadata"]
                key = f"{canonicalize_name(data['name'])} =={data['version']}"
                required[key] = data.get("requires_dist", [])
    text = json.dumps(dict(sorted(required.items())), indent=1, ensure_ascii=False)
    REQUIRED.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
