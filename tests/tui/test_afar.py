"""The terminal UI on a shelf that another process serves."""

from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest
from tests.serve.conftest import _serving
from textual.pilot import Pilot

from askreport import Filter, Library, errors
from askreport.serve.client import Service
from askreport_tui.afar import Afar
from askreport_tui.app import AskreportApp
from askreport_tui.screens.reading import ReadingScreen

Ask = Callable[[Pilot[None], str], Awaitable[ReadingScreen]]

QUESTION = "Who painted the pier?"


@pytest.fixture(scope="module")
def service(piers_shelf: Path) -> Iterator[Service]:
    """The service of the shelf with two logs."""
    with _serving(Library.open(piers_shelf)) as client:
        yield Service(str(client.base_url))


async def test_a_question_is_answered_with_the_pages_it_cites(
    service: Service, piers: Library
) -> None:
    desk = Afar(service)
    opened = await desk.open()
    await desk.warm()
    found = await desk.ask(QUESTION, Filter())
    assert found.answer == piers.ask(QUESTION)
    assert opened.passages == len(piers.generation.passages)
    for cited in found.cited:
        page = found.page(cited)
        assert page == piers.page(cited.document, cited.page)
        assert page.text[cited.start : cited.end] == cited.quote
        span = found.passage(cited)
        assert span.of(page.text) == cited.text


async def test_a_filter_is_checked_by_the_service(service: Service) -> None:
    desk = Afar(service)
    left = await desk.coverage(Filter(publishers=("Pier Trust",)))
    assert left.documents >= 1
    with pytest.raises(errors.NotFound):
        await desk.coverage(Filter(documents=("none",)))


async def test_what_a_service_cannot_do_from_afar_is_told(service: Service) -> None:
    with pytest.raises(errors.ServiceFailed, match="another machine"):
        await Afar(service).build(lambda _: None)
    with pytest.raises(errors.ServiceFailed, match="does not answer"):
        await Afar(Service("http://127.0.0.1:9")).open()


async def test_the_screen_shows_what_the_service_says(
    service: Service, piers: Library, ask: Ask
) -> None:
    app = AskreportApp(service=service)
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await ask(pilot, QUESTION)
        shown = "\n".join(
            "".join(segment.text for segment in line)
            for line in screen._compositor.render_strips()
        )
    for citation in piers.ask(QUESTION).citations:
        assert citation.quote.split()[1] in shown
