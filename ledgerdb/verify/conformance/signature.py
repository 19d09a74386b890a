"""Whether a detached SSH signature is of a key that the checkout allows."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Final

__all__ = ["wrong_signature"]

_SIGNERS: Final = "evidence/allowed_signers"
_SECONDS_MAX: Final = 10


def wrong_signature(root: Path, approval: Path, by: str) -> str | None:
    """Why `APPROVAL.sig` is no signature of the approval by that person; None where it is one.

    The person is looked up in evidence/allowed_signers by the address in `by`, else by all of it.
    """
    program = shutil.which("ssh-keygen")
    if program is None:
        return "ssh-keygen is not installed here, so it cannot be told"
    if not (root / _SIGNERS).is_file():
        return f"{_SIGNERS} is missing"
    name, _, address = by.rstrip(">").partition("<")
    done = subprocess.run(  # noqa: S603 - a fixed command
        [
            *(program, "-Y", "verify", "-n", "ledgerdb-approval", "-I", address or name),
            *("-f", str(root / _SIGNERS), "-s", f"{approval}.sig"),
        ],
        check=False,
        capture_output=True,
        input=approval.read_bytes(),
        timeout=_SECONDS_MAX,
    )
    return (
        None
        if done.returncode == 0
        else (done.stderr or done.stdout).decode("utf-8", "replace").strip()
    )
