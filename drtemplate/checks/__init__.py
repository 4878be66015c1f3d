"""What a rendered template must pass before it is written."""
