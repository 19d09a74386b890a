"""A detached SSH signature of an approval, made and checked by ssh-keygen."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Final

from ledgerdb.approvals.documents import ApprovalRefused

__all__ = ["NAMESPACE", "sign"]

# So that a signature made for something else is not one for this.
NAMESPACE: Final = "ledgerdb-approval"


def sign(text: str, key: Path) -> str:
    """The signature of a text; ssh-keygen may ask on the terminal for the passphrase of the key.

    Args:
        key: a private key, or the public one of a key that ssh-agent has.

    Raises:
        ApprovalRefused: ssh-keygen is missing, or refuses.
    """
    program = shutil.which("ssh-keygen")
    if program is None:
        raise ApprovalRefused("ssh-keygen is not installed: nothing can be signed")
    # without a limit in time: a person may be looking for the passphrase
    done = subprocess.run(  # noqa: S603 - a fixed command
        [program, "-Y", "sign", "-q", "-n", NAMESPACE, "-f", str(key)],
        check=False,
        capture_output=True,
        encoding="utf-8",
        input=text,
    )
    if done.returncode != 0:
        raise ApprovalRefused(f"not signed: {done.stderr.strip()}")
    return done.stdout
