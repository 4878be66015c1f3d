"""The Lambda code: one module a function, with what they share; rendered as one file each."""
