"""Adopting databases that the earlier plain-SQL migrations built."""
