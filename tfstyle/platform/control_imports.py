"""Which of two platforms TF was built for: always the open-source one."""

__all__ = [
    "USE_OSS",
    "OSS_APP",
    "OSS_FLAGS",
    "OSS_GFILE",
    "OSS_GOOGLETEST",
    "OSS_LOGGING",
    "OSS_PARAMETERIZED",
]

USE_OSS = True
OSS_APP = True
OSS_FLAGS = True
OSS_GFILE = True
OSS_GOOGLETEST = True
OSS_LOGGING = True
OSS_PARAMETERIZED = True
