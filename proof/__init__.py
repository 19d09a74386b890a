"""Rerun the correctness of ledgerdb: `python -m proof --help`, docs/correctness.md.

Every command prints its seed, the commit, the server's version and its counts, runs the reference
(revision 0001) as the negative control, and leaves one artefact in evidence/correctness. Nothing
here is in the wheel; it uses the SQL contract and the public names of ledgerdb only.
"""
