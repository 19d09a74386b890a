"""Independent witnesses: plain SQL over the catalog and the data, and the evidence they write.

A witness shares no code with what it judges: nothing here uses the calls, the verbs or the worker.
"""
