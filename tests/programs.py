"""Programs that come with the system and not with Python: a browser, Prometheus' own checker."""

from __future__ import annotations

import os
import shutil

import pytest

__all__ = ["found"]


def found(program: str, package: str) -> str:
    """The path of a program. Where it is not installed the test is skipped, but in CI it fails:
    there nothing may be skipped unseen.
    """
    path = shutil.which(program)
    if path is not None:
        return path
    reason = f"{program} is not installed: apt-get install {package} (make browser)"
    if os.environ.get("CI", "").lower() in {"1", "true"}:
        pytest.fail(reason)
    pytest.skip(reason)
