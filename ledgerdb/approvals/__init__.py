"""Change control: who approved which bytes of the regulated surface (docs/change-control.md).

What is written here is judged by `ledgerdb.verify.conformance`, which shares no code with it.
"""
