"""What is vendored is what its README lists: version, licence and sha256."""

import hashlib
import re
from pathlib import Path

VENDOR = Path(__file__).parents[1] / "spv/static/vendor"
ROW = re.compile(r"^\| `([^`]+)` \| ([^|]+) \| ([^|]+) \| `([0-9a-f]{64})` \|$", re.M)


def test_every_vendored_file_is_listed_with_its_hash():
    listed = {
        name: digest
        for name, version, licence, digest in ROW.findall(
            (VENDOR / "README.md").read_text(encoding="utf-8")
        )
        if version.strip() and licence.strip()
    }
    found = {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in VENDOR.iterdir()
        if path.name not in ("README.md", "LICENSES.txt")
    }
    assert listed == found


def test_no_crown_no_crest_no_reserved_font():
    css = (VENDOR / "govuk-frontend.min.css").read_text(encoding="utf-8")
    assert "url(" not in css
    assert "@font-face" not in css
    assert "GDS Transport" not in css
