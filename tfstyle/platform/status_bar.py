"""The status bar of another platform: programs may ask for it, none is shown."""

__all__ = ["SetupStatusBarInsideGoogle"]


def SetupStatusBarInsideGoogle(unused_link_text: str, unused_port: int) -> None:
    """Does nothing, as in TF outside of Google."""
