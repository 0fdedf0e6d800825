"""Tables, statistics and figures of a results folder."""
