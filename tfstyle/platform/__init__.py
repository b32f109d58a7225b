"""What a TF program asks of its platform: `app`, `flags`, `gfile`, logging."""
