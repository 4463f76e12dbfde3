"""Event studies: expected returns, abnormal returns and the statistics that judge them.

windows.py      estimation and event windows, and the parts of the latter
references.py   what explains a listing's returns: an index, matched portfolios, factors
legs.py         one listing's returns in event time; units.py makes baskets of them
models.py       expected-return models and their forecast errors
parametric.py   cross-sectional t, Patell, BMP, Kolari-Pynnönen; ranks.py the others
ties.py         how alike the residuals of events are whose windows share sessions
bootstrap.py, calendar_time.py, reversal.py, trials.py
placebo.py      what other baskets of the same days returned; matching.py chooses them
evaluating.py   all of them over every part of the window
"""
