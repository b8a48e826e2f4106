"""Questions whose answers are known -> how well a library answers them."""
