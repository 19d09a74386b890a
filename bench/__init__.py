"""How fast ledgerdb is, beside other ways to do the same: `python -m bench --help`, METHOD.md.

Every number is taken in a run in which the systems take turns on one embedded PostgreSQL, so that
their ratios mean something where the numbers do not. Nothing here is in the wheel; of ledgerdb it
uses the public names and the SQL contract only.
"""
