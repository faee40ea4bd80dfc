"""The one driver of a run: from engine calls to events, for the worker and for live objects.

testing     a range test: `Started`, every `Step`, `Suggested`, `Ended`
checking    the checks of its answer: races, the stability limit
failing     what the user's code raises, as the end of a run
objects     what a run works on
numbers     numbers that are not finite: None in events, and their places listed

Its generators run on the thread that consumes them, and the last event of each ends the run or the
check, whatever the user's code raises.
"""
