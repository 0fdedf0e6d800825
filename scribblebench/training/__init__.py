"""Training and inference: networks, losses, augmentation, the loop."""
