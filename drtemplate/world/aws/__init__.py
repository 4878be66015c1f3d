"""The mechanisms of AWS that a deployed stack rests on, each by itself."""
