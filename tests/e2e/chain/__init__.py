"""The deployed functions at work in the emulated account, in virtual time, under their own roles.

A call of a handler goes: ``gate`` (does the deployed role allow it) -> injected faults ->
``overlay`` (what the emulator does not do as AWS does it, an explicit list) -> the account.
"""
