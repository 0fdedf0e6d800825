"""Tables of a report: what they hold, and the formats they are written in."""
