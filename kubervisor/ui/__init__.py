"""The dashboard's server side: what it remembers, what it answers, and the server itself."""
