"""The read-only web console: what the queue looks like, and the whole life of an item.

Needs the extra `console`. Pages are rendered on the server; nothing is loaded from elsewhere.
"""

from ledgerdb.console.app import create_app
from ledgerdb.console.settings import ConsoleSettings

__all__ = ["ConsoleSettings", "create_app"]
