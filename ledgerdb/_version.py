"""The version, on the ground floor: sessions tell the server which release they are."""

__version__ = "0.3.1"
