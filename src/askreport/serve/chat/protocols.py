"""an app and its library -> the same app, with every protocol of chat tools."""

from dataclasses import replace

from fastapi import FastAPI

from askreport.serve.chat import (
    librechat,
    mattermost,
    mcp,
    openai,
    responses,
    slack,
    teams,
)
from askreport.serve.chat.shared import Chat

HEADERS = (
    "Mcp-Method",
    "Mcp-Name",
    "MCP-Protocol-Version",
    "X-Askreport-Sources",
)
"""What scripts of listed web sites may send beside what every route takes: browsers
ask first for each of them."""


def include(app: FastAPI, chat: Chat) -> None:
    """Add the routes. A protocol that needs a secret has none without it."""
    chat = app.state.chat = replace(chat, queue=app.state.queue)
    app.include_router(openai.router)
    app.include_router(responses.router)
    app.include_router(mcp.router(chat))
    app.include_router(librechat.router)
    known = chat.credentials
    if known.slack_signing_secret:
        app.include_router(slack.router)
    if known.teams_secret:
        app.include_router(teams.router)
    if known.librechat_jwt_secret:
        app.include_router(librechat.signed_router)
    if known.mattermost_token:
        app.include_router(mattermost.router)
