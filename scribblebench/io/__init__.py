"""Files: NIfTI with spacing and affine kept, atomic writes."""
