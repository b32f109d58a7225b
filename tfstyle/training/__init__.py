"""Training: optimizers, moving averages, decay of learning rates."""
