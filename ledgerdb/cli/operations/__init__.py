"""The commands of operators: what is on the queue, what happened to an instruction, what to do.

Whatever only reads runs with `symphony_readonly`, `symphony_auditor` or `symphony_control`; acts
need `symphony_control`. No command shows a lease token, and a payload only where it is asked for.
"""
