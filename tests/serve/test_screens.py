"""The pages in Chromium: phone and desktop, light and dark, by keyboard; axe clean.

Set `SCREENS` to a folder to keep what they look like.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image

from askreport import Library

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        shutil.which("chromium") is None, reason="chromium is not installed"
    ),
    pytest.mark.xdist_group("chromium"),
]

SCRIPT = Path(__file__).with_name("browsing.py")

CRACK = "/?q=Who+measured+a+crack+in+the+second+arch%3F"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the screenshots go."""
    kept = os.environ.get("SCREENS")
    return Path(kept) if kept else tmp_path_factory.mktemp("screens")


def look(client: httpx.Client, folder: Path, paths: dict[str, str]) -> dict[str, Any]:
    """What Chromium makes of pages."""
    base = str(client.base_url).rstrip("/")
    pages = [f"{name}={path}" for name, path in paths.items()]
    ran = subprocess.run(
        [sys.executable, str(SCRIPT), base, str(folder), *pages],
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    found: dict[str, Any] = json.loads(ran.stdout)
    return found


@pytest.fixture(scope="module")
def seen(client: httpx.Client, library: Library, folder: Path) -> dict[str, Any]:
    """Every kind of page, looked at once."""
    passage = library.search("Who measured a crack?", top=1)[0].passage
    paths = {
        "start": "/",
        "answer": f"{CRACK}&since=&kind=",
        "filtered": "/?q=How+many+passengers%3F&since=2019&publisher=Port+Authority",
        "declined": "/?q=Who+wrote+the+national+anthem+of+Peru%3F",
        "why": f"{CRACK}&explain=yes",
        "wrong": "/?q=Who%3F&document=none",
        "permalink": f"/c/{passage.id}",
        "gone": "/c/gone",
        "problem": "/problems/NotFound",
        "signin": "/signin",
    }
    return look(client, folder, paths)


def test_axe_finds_nothing_on_any_page_in_any_size_and_scheme(
    seen: dict[str, Any],
) -> None:
    assert len(seen["pages"]) == 10 * 3 * 2
    checked = [page for page in seen["pages"] if "passes" in page]
    assert len(checked) == 4 * 4 + 6 * 2
    assert {p["page"]: p["violations"] for p in checked if p["violations"]} == {}
    assert all(page["passes"] > 10 for page in checked)


def test_axe_would_have_found_something(seen: dict[str, Any]) -> None:
    found = {violation.partition(":")[0] for violation in seen["faulty"]["violations"]}
    assert found >= {"image-alt", "label", "color-contrast"}


def test_the_browser_has_nothing_to_complain_of(seen: dict[str, Any]) -> None:
    refused = ("wrong", "gone", "signin")  # it says so of their status
    said = [p["console"] for p in seen["pages"] if not p["page"].startswith(refused)]
    assert not any(said)


def test_no_page_scrolls_sideways(seen: dict[str, Any]) -> None:
    assert [page["page"] for page in seen["pages"] if page["wider"]] == []


def test_the_style_sheet_passes_its_own_policy_in_both_schemes(
    seen: dict[str, Any], folder: Path
) -> None:
    colours = {
        page["page"].rpartition(" ")[2]: page["background"] for page in seen["pages"]
    }
    assert colours == {"light": "rgb(255, 255, 255)", "dark": "rgb(22, 24, 27)"}
    shot = Image.open(folder / "permalink-phone-dark.png").convert("RGB")
    assert shot.getpixel((2, 2)) == (22, 24, 27)


def test_a_question_is_asked_and_its_citation_opened_by_keyboard_without_script(
    seen: dict[str, Any], library: Library
) -> None:
    said = seen["keyboard"]
    assert said["focused"][:3] == ["Skip to the content", "askreport", "q"]
    assert said["focused"][3] == "Open passage 1 at its words"
    assert said["asked"].endswith("#answer")
    cited = library.ask("How many passengers does each ferry carry?").citations[0]
    assert said["opened"]["url"].endswith(f"/c/{cited.passage}#passage")
    assert cited.quote.split(".")[0] in said["opened"]["marked"]
    # Going back shows the answer again, with nothing to confirm.
    assert said["back"]["url"].startswith(said["asked"].partition("#")[0])
    assert "410" in said["back"]["answer"]
