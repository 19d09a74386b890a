"""Adopting a database that the earlier plain-SQL migrations built.

Inspection reads only and lists every difference with its consequence; adoption brings what is
missing and records revision 0001, from which `upgrade` goes on.
"""
