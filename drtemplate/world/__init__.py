"""One simulated account in virtual time, wired as the rendered template says.

It knows no scenario and no test: what happens in it is told to a `witness.Witness`.
"""
