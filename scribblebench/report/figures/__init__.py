"""Figures of a report: one file a figure, data frames in and a figure out."""
