"""The study's configuration: what the rules ask of it, and what is checked before any job runs."""
