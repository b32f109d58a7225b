import os

import pytest

from tfstyle.platform import control_imports, resource_loader, status_bar, sysconfig


def test_resource_loader():
    folder = os.path.dirname(__file__)
    assert resource_loader.get_data_files_path() == folder
    path = resource_loader.get_path_to_datafile("a.txt")
    assert path == os.path.join(folder, "a.txt")
    assert resource_loader.readahead_file_path("x", "32M") == "x"
    assert b"resource" in resource_loader.load_resource("platform/resource_loader.py")
    with pytest.raises(OSError, match="no-such-file"):
        resource_loader.load_resource("no-such-file")


@pytest.mark.parametrize("name", ["get_include", "get_lib"])
def test_there_is_nothing_to_compile_against(name):
    with pytest.raises(
        NotImplementedError, match=rf"sysconfig\.{name}: .* tf\.py_func"
    ):
        getattr(sysconfig, name)()


def test_open_source_platform():
    assert control_imports.USE_OSS
    assert status_bar.SetupStatusBarInsideGoogle("text", 80) is None
