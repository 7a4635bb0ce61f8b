"""What simulated users are made of: personas, SOPs, scenarios without one, and the checks that all of them passed.

Every text is written for Parley. JSON files hold what a person wrote; what is combined from it comes from a generator with a
fixed seed, so that nothing generated lies in the repository and `manifest.json` says by hash what it has to be.
"""
