"""From objects to text: the YAML emitter and the handlers that become inline code."""
