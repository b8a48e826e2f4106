"""Act III: the same verbs for people and programs."""
