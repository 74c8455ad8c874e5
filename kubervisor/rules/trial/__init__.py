"""What rules would do, and would have done: nothing here writes anywhere but on the screen."""
