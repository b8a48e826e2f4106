"""Act II, online: a question becomes a cited answer."""
