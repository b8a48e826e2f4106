"""What went wrong -> one exception with a hint; everything raised on purpose.

AskreportError
├── QuestionRefused      the question is empty or too long
├── FilterWrong          a filter says something that no document could satisfy
├── SettingsWrong        a settings file, variable or flag says something impossible
├── ShelfMissing         no shelf here, or not a folder
├── CatalogueWrong       sources/catalogue.toml contradicts itself or the folder
├── SourceUnreadable     one document cannot be read; the build goes on without it
├── BuildFailed          nothing new was published; the old index still answers
│   └── BuildBusy        another process is building this shelf
├── IndexMissing         nothing has been built yet
├── IndexDamaged         a file of the generation is missing or not what was written
├── IndexForeign         written by another format version, or not by askreport
├── ModelMissing         the encoder's folder or hub name cannot be loaded
├── ModelChanged         the encoder's files are not the ones expected
├── FetchFailed          a model could not be fetched; nothing was put in place
├── CalibrationWrong     calibration.json is damaged, stale, or cannot be made
├── SavedWrong           saved.json is damaged or cannot be written
├── QuestionsWrong       an evaluation set or a file of questions contradicts itself
├── KeysWrong            the file of API keys is damaged, or cannot hold what was asked
├── ServiceFailed        a service elsewhere does not answer, or refuses
├── ExtraMissing         the packages of an optional extra are not installed
└── NotFound             no passage, document, page, publisher... of that name

A bug is an assertion, never one of these. Each surface maps this tree once: the command
line to exit codes (`serve.cli`), HTTP to statuses (`serve.api.errors`), the screen to a
panel.
"""


class AskreportError(Exception):
    """A failure somebody can act on: what happened, and what to do about it."""

    def __init__(self, message: str, *, hint: str) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class QuestionRefused(AskreportError):
    """The question is empty or longer than the shelf accepts."""


class FilterWrong(AskreportError):
    """A filter holds an impossible date, an empty value or a range that ends before it
    begins.
    """


class SettingsWrong(AskreportError):
    """A setting is unknown, of the wrong type or out of range."""


class ShelfMissing(AskreportError):
    """No folder with `askreport.toml` here or above, or a folder that cannot be one."""


class CatalogueWrong(AskreportError):
    """The catalogue has an unknown key, a missing file, a duplicate id or bad TOML."""


class SourceUnreadable(AskreportError):
    """One document yields no text: missing, empty, binary, damaged or unsupported.

    `lasting`: for what it holds, so that it would be refused again as long as it holds
    that.
    """

    def __init__(self, message: str, *, hint: str, lasting: bool = False) -> None:
        super().__init__(message, hint=hint)
        self.lasting = lasting


class BuildFailed(AskreportError):
    """A build ended without publishing; `CURRENT` still names what it named."""


class BuildBusy(BuildFailed):
    """Another process holds the shelf's build lock."""


class IndexMissing(AskreportError):
    """There is no generation to open."""


class IndexDamaged(AskreportError):
    """A file of the generation is missing, truncated or has another digest."""


class IndexForeign(AskreportError):
    """The manifest is of another format version or is no manifest of ours."""


class ModelMissing(AskreportError):
    """The encoder named in settings cannot be found or loaded."""


class ModelChanged(AskreportError):
    """The encoder's files differ from the ones pinned, or from those that built."""


class FetchFailed(AskreportError):
    """A model's parts could not be had, or are not the ones expected."""


class CalibrationWrong(AskreportError):
    """A calibration is unreadable, was fitted to other scores, or has no ground."""


class SavedWrong(AskreportError):
    """The saved questions are unreadable, or not what was written."""


class QuestionsWrong(AskreportError):
    """A set or a file of questions has a bad line, an unknown id or nothing in it."""


class KeysWrong(AskreportError):
    """The file of API keys cannot be read or changed, or a name is taken or unfit."""


class ServiceFailed(AskreportError):
    """A service does not answer, answers as no askreport does, or refuses."""


class ExtraMissing(AskreportError):
    """A command needs packages that come with an optional extra."""


class NotFound(AskreportError):
    """An id, publisher, kind or heading that nothing on this shelf has."""
