"""An address -> what Chromium makes of its pages, as JSON: run by test_screens.

A program of its own, since Playwright keeps an event loop running in its process.
"""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

SIZES = {"phone": (375, 812), "desktop": (1280, 900), "least": (320, 640)}
"""`least` is what WCAG 2.2 asks pages to be read at without scrolling sideways."""

SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")

MAIN = ("start", "answer", "permalink", "signin")

RULES = {
    "runOnly": [
        "wcag2a",
        "wcag2aa",
        "wcag21a",
        "wcag21aa",
        "wcag22aa",
        "best-practice",
    ],
    "rules": {"target-size": {"enabled": True}},
}

FAULTY = "<html><body><img src=x><input><p style='color:#ccc'>faint</p></body></html>"
"""A page with known faults, to show that they would be found."""

BACKGROUND = "getComputedStyle(document.body).backgroundColor"
WIDER = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
FOCUSED = "document.activeElement.id || document.activeElement.textContent.trim()"


def main(base: str, folder: Path, paths: dict[str, str]) -> dict[str, Any]:
    """Every page in every size and scheme, and a question asked by keyboard alone."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox"]
        )
        try:
            return {
                "pages": list(_looked_at(browser, base, folder, paths)),
                "faulty": _faulty(browser),
                "keyboard": _by_keyboard(browser, base),
            }
        finally:
            browser.close()


def _looked_at(browser: Browser, base: str, folder: Path, paths: dict[str, str]) -> Any:
    page = browser.new_page()
    for name, path in paths.items():
        said: list[str] = []
        hear = _hearing(said)
        page.on("console", hear)
        page.goto(base + path)
        page.remove_listener("console", hear)
        # Opened once: what a page is made of depends on neither size nor scheme.
        for scheme in SCHEMES:
            page.emulate_media(color_scheme=scheme)
            for size, (width, height) in SIZES.items():
                page.set_viewport_size({"width": width, "height": height})
                yield _look(page, folder, (name, size, scheme)) | {"console": said}
    page.close()


def _hearing(said: list[str]) -> Callable[[ConsoleMessage], None]:
    return lambda message: said.append(message.text)


def _look(page: Page, folder: Path, which: tuple[str, str, str]) -> dict[str, Any]:
    page.screenshot(path=folder / f"{'-'.join(which)}.png", full_page=True)
    return {
        "page": " ".join(which),
        "wider": page.evaluate(WIDER),
        "background": page.evaluate(BACKGROUND),
        **(_checked(page) if _due(*which) else {}),
    }


def _due(name: str, size: str, scheme: str) -> bool:
    """Whether axe looks: at the main pages always, at the others in two guises."""
    if size == "least":
        return False
    return name in MAIN or (size, scheme) in (("phone", "light"), ("desktop", "dark"))


def _checked(page: Page) -> dict[str, Any]:
    found = Axe().run(page, options=RULES).response
    return {
        "passes": len(found["passes"]),
        "violations": [
            f"{one['id']}: {one['nodes'][0]['html']}" for one in found["violations"]
        ],
    }


def _faulty(browser: Browser) -> dict[str, Any]:
    page = browser.new_page()
    page.set_content(FAULTY)
    return _checked(page)


def _by_keyboard(browser: Browser, base: str) -> dict[str, Any]:
    """Ask, follow a marker to its citation and open it, without script or pointer."""
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(base)
    focused = []
    for _ in range(3):
        page.keyboard.press("Tab")
        focused.append(page.evaluate(FOCUSED))
    page.keyboard.type("How many passengers does each ferry carry?")
    page.keyboard.press("Enter")
    page.wait_for_url("**/?q=How*")
    asked = page.url
    page.locator("a[href='#citation-1']").first.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    focused.append(page.evaluate(FOCUSED))
    page.keyboard.press("Enter")
    page.wait_for_url("**/c/*")
    opened = {"url": page.url, "marked": page.locator("mark").inner_text()}
    page.go_back()
    back = {"url": page.url, "answer": page.locator(".answer").inner_text()}
    return {"focused": focused, "asked": asked, "opened": opened, "back": back}


if __name__ == "__main__":
    address, out, *questions = sys.argv[1:]
    wanted = {name: path for name, _, path in (q.partition("=") for q in questions)}
    told = main(address, Path(out), wanted)
    sys.stdout.write(json.dumps(told))
