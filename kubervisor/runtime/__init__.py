"""Everything that runs: threads, loops, queues. The only package that starts threads."""
