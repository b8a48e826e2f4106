"""the environment -> the secrets that chat tools sign their requests with.

They are read from the environment only: a settings file is copied, committed and shown
by `askreport doctor`; a secret must not be.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields

from askreport import errors
from askreport.settings import PREFIX


@dataclass(frozen=True, slots=True, repr=False)
class Credentials:
    """A protocol without its secret does not exist here; there is no unsigned way in.

    Several values of one, separated by commas, are alternatives: each team makes a
    webhook of its own, and a secret is replaced without an hour in which neither works.
    """

    slack_signing_secret: tuple[str, ...] = ()
    slack_bot_token: tuple[str, ...] = ()
    teams_secret: tuple[str, ...] = ()
    mattermost_token: tuple[str, ...] = ()
    librechat_jwt_secret: tuple[str, ...] = ()


def read(environment: Mapping[str, str] | None = None) -> Credentials:
    """The secrets that are set. Raises SettingsWrong for one that is set to nothing."""
    known = os.environ if environment is None else environment
    return Credentials(**{f.name: _values(known, f.name) for f in fields(Credentials)})


def _values(environment: Mapping[str, str], name: str) -> tuple[str, ...]:
    variable = PREFIX + name.upper()
    said = environment.get(variable)
    if said is None:
        return ()
    values = tuple(part.strip() for part in said.split(",") if part.strip())
    if not values:
        raise errors.SettingsWrong(
            f"{variable} is set to nothing",
            hint="give it the secret of the chat tool, or unset it",
        )
    return values
