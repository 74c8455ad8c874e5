"""The controller of rules: asks, looks, decides, writes."""
