"""A database as the earlier plain-SQL migrations left it, built from the facts that we have of it.

The original migrations are not ours to have; what a database looked like after them is, down to
names, types, definitions, grants and checksums. The bodies of functions are written anew.
"""
