"""The protocols that chat tools speak, one module each."""
