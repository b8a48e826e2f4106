"""Small real shelves for the tests: real files, a real index, the hashing encoder.

Tests that need the real model build their own shelf (see tests/quality).
"""

import gc
import os
import shutil
import signal
from pathlib import Path

import hypothesis
import pytest
import threadpoolctl
from reportlab.pdfgen import canvas

from askreport import Library

# As every command has it (see threads.py). A plugin of pytest loads numpy first, whose
# threads would then take all processors and wait there for more to do.
threadpoolctl.threadpool_limits(limits=1, user_api="blas")
# And torch's threads, which its first import starts, wait without spinning.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

# A run in the background ignores Ctrl-C, and every process that it starts would too.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# The first example of a test pays for loading what all of them use.
hypothesis.settings.register_profile("askreport", deadline=None)
hypothesis.settings.load_profile("askreport")

ROOT = Path(__file__).parents[1]

YOUNG = 20_000
"""New objects between two looks of the garbage collector; a test makes many that the
collector would look at a dozen times and find in use."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that load torch share a worker, as it takes seconds in each; and what takes
    long comes first, so that no worker is left with it when the others are done.
    """
    for item in items:
        if hasattr(getattr(item, "module", None), "tiny"):
            item.add_marker(pytest.mark.xdist_group("torch"))
    items.sort(key=_place)


def _place(item: pytest.Item) -> int:
    long = ("xdist_group", "slow")
    return next((i for i, one in enumerate(long) if item.get_closest_marker(one)), 9)


def pytest_collection_finish() -> None:
    """Modules and tests stay till the end: collections need not look at them."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, 20, 20)


SETTINGS = """\
model = "hashing"
floor = 0.1
"""

CATALOGUE = """\
[[document]]
id = "harbour-report"
path = "harbour.md"
title = "The harbour report"
publisher = "Port Authority"
date = "2021-05"
kind = "report"

[[document]]
id = "orchard-digest"
path = "orchard.txt"
title = "Orchards of the north"
publisher = "Growers' Union"
date = "2019"
kind = "article"
words = "digest"

[[document]]
id = "lighthouse-page"
path = "lighthouse.html"
kind = "web page"
"""

HARBOUR = """\
# The harbour report

## Dredging

The port dredged 340,000 tonnes of silt from the north channel in 2020. Harbour master
Ines Calder said the channel had not been so deep since 1987. Work stopped for six weeks
while seals were pupping.

## Ferries

Two new ferries entered service in March 2021. Each ferry carries 410 passengers and
62 cars. Crew training took eleven weeks, and no sailing was cancelled.

| Route | Sailings | Passengers |
| --- | --- | --- |
| Island | 12 | 3,900 |
| Mainland | 8 | 2,150 |
"""

ORCHARD = """\
PESTS

Codling moth damaged a fifth of the apples in 2018. Growers hung pheromone
traps in April, and damage fell to 4 per cent.

WEATHER

A late frost on 9 May killed the plum blossom. Grower Tomas Reed lit straw
fires between the rows to keep the pears alive.
"""

LIGHTHOUSE = """\
<html><head><title>Keepers of the light</title></head><body>
<nav><a href="/">Home</a> <a href="/shop">Shop</a></nav>
<article><h1>Keepers of the light</h1>
<h2>The lamp</h2>
<p>The lighthouse lamp was lit by whale oil until 1865, when paraffin replaced it. The
keeper climbed 199 steps each evening to trim the wick and wind the clockwork.</p>
<h2>The storm</h2>
<p>In the storm of 1901 the keeper, Ada Marsh, kept the lamp burning for three nights
without relief. The supply boat could not land until the fourth morning.</p>
</article><footer>Cookie notice</footer></body></html>
"""

PDF_PAGES = (
    (
        "Bridges of the valley",
        "The stone bridge was closed to lorries in 1998 after cracks were found.",
        "Engineer Paulo Lindt measured a crack of 14 millimetres in the second arch.",
    ),
    (
        "Repairs",
        "Masons replaced 77 blocks with sandstone from the old quarry.",
        "The bridge opened again in September 2001 with a weight limit of 7.5 tonnes.",
    ),
)


def write_pdf(path: Path, pages: tuple[tuple[str, ...], ...] = PDF_PAGES) -> None:
    """A PDF with a text layer, one line of text a string."""
    sheet = canvas.Canvas(str(path), invariant=1)  # made on one day for ever
    sheet.setTitle("Bridges of the valley")
    for lines in pages:
        for i, line in enumerate(lines):
            sheet.drawString(72, 760 - 24 * i, line)
        sheet.showPage()
    sheet.save()


def make_shelf(root: Path) -> Path:
    """A shelf with one document a format, not yet built."""
    (root / "sources").mkdir(parents=True)
    (root / "askreport.toml").write_text(SETTINGS, "utf-8")
    (root / "sources" / "catalogue.toml").write_text(CATALOGUE, "utf-8")
    (root / "sources" / "harbour.md").write_text(HARBOUR, "utf-8")
    (root / "sources" / "orchard.txt").write_text(ORCHARD, "utf-8")
    (root / "sources" / "lighthouse.html").write_text(LIGHTHOUSE, "utf-8")
    write_pdf(root / "sources" / "bridges.pdf")
    return root


def own_documents(root: Path) -> Library:
    """The repository's documents with all settings at their defaults, built: what its
    own index holds of them is not encoded again.
    """
    root.mkdir()
    (root / "askreport.toml").write_text("", "utf-8")
    shutil.copytree(ROOT / "sources", root / "sources")
    if (ROOT / "index" / "CURRENT").exists():
        shutil.copytree(ROOT / "index", root / "index")
    library = Library.open(root)
    library.build()
    return library


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    """A shelf of one's own, not yet built."""
    return make_shelf(tmp_path / "shelf")


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A built shelf that tests share and must not change."""
    root = make_shelf(tmp_path_factory.mktemp("built") / "shelf")
    Library.open(root).build()
    return root


@pytest.fixture(scope="session")
def library(built: Path) -> Library:
    """The open library of the shared shelf."""
    return Library.open(built)
