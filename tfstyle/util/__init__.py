"""Small helpers of TF's Python layer: `compat` and `nest`."""
