"""An address and a question -> what Chromium shows of the terminal UI, as JSON.

Run by test_web as a program of its own, since Playwright keeps an event loop running.
The terminal in the page is drawn on a canvas, so its words are read from what reaches
it, and that it is drawn from a picture.
"""

import json
import sys
import time
from typing import Any

from playwright.sync_api import Page, WebSocket, sync_playwright

PATIENCE = 120.0
"""Seconds: behind the page a program starts and opens a shelf."""


def main(address: str, picture: str, question: str, wanted: str) -> dict[str, Any]:
    """Open the page, ask, and wait for the words that are wanted."""
    got = bytearray()
    said: list[str] = []

    def listen(socket: WebSocket) -> None:
        socket.on("framereceived", lambda frame: got.extend(_bytes(frame)))

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox"]
        )
        page = browser.new_page(viewport={"width": 1200, "height": 800})
        page.on("websocket", listen)
        page.on("pageerror", lambda error: said.append(str(error)))
        page.goto(address)
        ready = _came(page, got, b"ready")
        page.mouse.click(400, 45)  # into the question
        page.keyboard.type(question)
        page.keyboard.press("Enter")
        answered = _came(page, got, wanted.encode())
        page.wait_for_timeout(500)  # the frame that was received is drawn
        page.screenshot(path=picture)
        browser.close()
    return {"ready": ready, "answered": answered, "errors": said, "at": page.url}


def _came(page: Page, got: bytearray, words: bytes) -> bool:
    until = time.monotonic() + PATIENCE
    while words not in got and time.monotonic() < until:
        page.wait_for_timeout(100)
    return words in got


def _bytes(frame: str | bytes) -> bytes:
    return frame if isinstance(frame, bytes) else frame.encode()


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(*sys.argv[1:])))
