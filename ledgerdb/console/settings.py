"""Where the console listens, whom it lets in, and how much it shows."""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Final

from ledgerdb.errors import ConfigurationError

__all__ = ["PASSWORD_VARIABLE", "ConsoleSettings"]

PASSWORD_VARIABLE: Final = "LEDGERDB_CONSOLE_PASSWORD"  # noqa: S105 - its name
_PASSWORD_CHARS_MIN: Final = 12
_LOOPBACK: Final = ("localhost", "127.0.0.1", "[::1]")


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsoleSettings:
    """How the console is served.

    Attributes:
        host: address to listen on. One that others reach needs a password, or a proxy in front
            that asks for one.
        password: of HTTP basic authentication, with any user name; None asks nobody.
        behind_proxy: a proxy in front decides who comes in.
        allowed_hosts: names under which browsers may ask for it, beside those of loopback and
            `host`: a page of another site cannot reach it by pointing its own name here.
        show_payloads: also on the pages of items.
        refresh_seconds: how often an open page looks again; 0 for never.
        page_rows: rows of a list on one page.
        top: rows of each breakdown on the first page.

    Raises:
        ConfigurationError: others could reach it without a password, or a setting makes no sense.
    """

    host: str = "127.0.0.1"
    password: str | None = field(default=None, repr=False)
    behind_proxy: bool = False
    allowed_hosts: tuple[str, ...] = ()
    show_payloads: bool = False
    refresh_seconds: int = 10
    page_rows: int = 50
    top: int = 10

    def __post_init__(self) -> None:
        if not self.is_local and self.password is None and not self.behind_proxy:
            raise ConfigurationError(
                f"--host {self.host}: others can reach this address. Set {PASSWORD_VARIABLE}, or"
                " say --behind-proxy if a proxy in front asks who it is"
            )
        if self.password is not None and len(self.password) < _PASSWORD_CHARS_MIN:
            raise ConfigurationError(
                f"{PASSWORD_VARIABLE}: must have at least {_PASSWORD_CHARS_MIN} characters"
            )
        if self._listens_everywhere and not self.allowed_hosts:
            raise ConfigurationError(
                f"--host {self.host}: say under which name browsers will ask for it, with"
                " --allowed-host"
            )

    @property
    def is_local(self) -> bool:
        """True where only this machine can connect."""
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"

    @property
    def hosts(self) -> tuple[str, ...]:
        """Every name that the Host header may have, without the port."""
        own = f"[{self.host}]" if ":" in self.host else self.host
        return tuple(dict.fromkeys((*_LOOPBACK, own, *self.allowed_hosts)))

    @property
    def _listens_everywhere(self) -> bool:
        return self.host in {"0.0.0.0", "::", ""}  # noqa: S104 - this is what must be refused
