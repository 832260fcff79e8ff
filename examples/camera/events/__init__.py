"""What is told of, and to whom."""
