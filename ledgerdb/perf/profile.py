"""The profile: what a smoke run does, to the last number. Another one measures something else."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from ledgerdb.errors import ConfigurationError
from ledgerdb.perf.checksum import checksum

__all__ = ["PROFILE", "Profile", "load"]

PROFILE: Final = Path(__file__).with_name("profile.json")


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """The parameters of a run.

    Attributes:
        version: of the profile's meaning; a change of the code that measures is a new one.
        postgresql: major version of the embedded server.
        settings: of that server. Without fsync the disk, which is nobody's regression, is left out.
        seed: of payloads and choices.
        rounds: of which each measures every verb.
        warm_rounds: before them, thrown away.
        calls: verb -> calls of a round.
        batch_items: items of a call of `enqueue_many` and of `drain`.
        payload_bytes: of an item.
        participants: that items are spread over.
        clients: that enqueue at once where throughput is measured.
        client_calls: of each of them, on either side of the comparison.
        margin: by how much of the baseline's ratio a verb may be slower, at least: 0.5 is half.
    """

    version: int
    postgresql: int
    settings: Mapping[str, str]
    seed: int
    rounds: int
    warm_rounds: int
    calls: Mapping[str, int] = field(hash=False)
    batch_items: int
    payload_bytes: int
    participants: int
    clients: int
    client_calls: int
    margin: float

    @property
    def parameters(self) -> dict[str, Any]:
        """As the file has them, without the checksum."""
        return asdict(self) | {"settings": dict(self.settings), "calls": dict(self.calls)}

    @property
    def checksum(self) -> str:
        """Of the parameters: 64 hex digits."""
        return checksum(self.parameters)


def load(path: Path = PROFILE) -> Profile:
    """The profile of this release, or the one in a file.

    Raises:
        ConfigurationError: it is none, or its checksum is not that of its parameters.
        OSError: it cannot be read.
    """
    try:
        content = json.loads(path.read_text("utf-8"))
        named = content.pop("checksum")
        profile = Profile(**content)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise ConfigurationError(f"{path.name} is no profile: {error}") from None
    if profile.checksum != named:
        raise ConfigurationError(
            f"{path.name}: its checksum is {named}, and its parameters have {profile.checksum};"
            " a changed profile voids the baseline, which is why this has to be written down"
        )
    return profile
