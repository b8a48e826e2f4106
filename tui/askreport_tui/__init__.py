"""Act III on a screen: the shelf in a terminal. Imports askreport only."""
