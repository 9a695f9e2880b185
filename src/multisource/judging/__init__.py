"""Is a head fit for localising sources? Measured, judged by stated rules, and shown on one page."""
