"""Annotation efficiency: how much annotation, in which form, comes near to full supervision."""
