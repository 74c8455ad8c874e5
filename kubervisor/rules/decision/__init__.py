"""What a rule does about an object: pure, from what was seen and an instant."""
