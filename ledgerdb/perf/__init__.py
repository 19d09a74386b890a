"""How fast the verbs are beside a yardstick, in one run: measured, kept, compared (ADR 0025).

`profile` says what is done; `runner` does it; `promotion` says whether the gate counts yet;
`gate` compares a run with the baseline. Only ratios are compared, and never times.
"""
