"""Event studies: expected returns, abnormal returns and the statistics that test them.

windows.py      estimation and event windows, and the parts of the latter
references.py   what explains a listing's returns: an index, matched portfolios, factors
legs.py         one listing's returns in event time; units.py makes baskets of them
models.py       expected-return models and their forecast errors
statistics/     parametric.py: cross-sectional t, Patell, BMP, Kolari-Pynnönen; ranks.py the others;
                clustering.py: cross-correlation of events whose windows share sessions;
                multiple_testing.py, bootstrap.py, regression.py
calendar_time.py, reversal.py
placebo/        what other baskets of the same days returned; matching.py chooses them
evaluating.py   all of them over every part of the window
"""
