"""Lambda: the queue, the execution environments, and what code in them can import."""
