"""Pages about the stack that are made from the template, the ledger and the handlers' settings."""
