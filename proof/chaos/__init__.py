"""Chaos with a history checker: a real load, real faults, and a judge who reads what was seen.

    cluster    servers: primary, standby, promotion     proxy      a wire that can be cut
    actors     processes of the load                    ingress, workers, older   what they do
    rail       where the money goes                     history    what each process saw
    nemeses    the faults                               state      what the database holds at the end
    story      the history, put in order                rules      the invariants S1 to S15 and L1
    checker    sorts what is broken                     phases     one node, failovers, the reference
    command    `python -m proof chaos`

The checker knows nothing of ledgerdb: it reads histories and tables. A new fault is a function in
nemeses.py; nothing else has to know it.
"""
