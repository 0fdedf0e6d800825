"""The page: a report in one HTML file that opens without a network."""
