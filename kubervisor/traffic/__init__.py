"""Pure decisions about traffic: no I/O, no clock, no threads, no logging."""
