"""A shelf kept up to date: builds in processes of their own, watched sources, jobs."""
