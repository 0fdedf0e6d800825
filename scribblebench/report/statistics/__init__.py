"""Statistics over patients: intervals, comparisons, equivalence, rankings, variance."""
