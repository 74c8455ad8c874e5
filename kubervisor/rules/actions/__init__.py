"""What can be done about an object: each action a file of its own, pure over what it reads."""
