"""Chaos with a history checker: a real load, real faults, and a judge who reads what was seen.

    cluster    primary, standby, promotion         actors     processes of the load
    proxy      a wire that can be cut              ingress, workers, older   what they do
    rail       where the money goes                history    what each process saw
    nemeses    the faults of one server            failovers  those of two
    state      what the database holds             story      the history, put in order
    rules      the invariants S1 to S15 and L1     checker    sorts what is broken
    stage      one run                             phases     the runs that make a proof
    auditor    what people do afterwards           command    `python -m proof chaos`

The checker knows nothing of ledgerdb: it reads histories and tables. A new fault is a function in
nemeses.py; nothing else has to know it.
"""
