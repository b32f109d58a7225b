import pickle

import pytest

from tfstyle.platform import gfile

FILES = [gfile.GFile, gfile.FastGFile, gfile.Open]


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "file")


@pytest.mark.parametrize("open_file", FILES)
def test_write_and_read(path, open_file):
    with open_file(path, "w") as file:
        file.write("é\n")
        file.writelines(["two\n", "three"])
        assert not file.closed
    assert file.closed
    with open_file(path) as file:
        assert file.read(1) == "é"
        assert file.tell() == 2
        assert file.readline() == "\n"
        assert list(file) == ["two\n", "three"]
        file.seek(0)
        assert file.readlines() == ["é\n", "two\n", "three"]
        assert file.Size() == 12
        file.seek(0)
        assert next(file) == "é\n"
    with open_file(path, "rb") as file:
        assert file.read() == "é\ntwo\nthree".encode()
    with open_file(path, "r+") as file:
        file.truncate(2)
        assert file.Size() == 2


def test_text_and_bytes_may_be_mixed(path):
    with gfile.GFile(path, "w") as file:
        file.write("text ")
        file.write(b"bytes ")
        file.write("text")
    with gfile.GFile(path, "ab") as file:
        file.write(" é")
    with gfile.GFile(path) as file:
        assert file.read() == "text bytes text é"


def test_text_has_the_decode_of_bytes(path):
    with gfile.GFile(path, "w") as file:
        file.write("a b")
    with gfile.GFile(path) as file:
        text = file.read()
    assert text.decode("utf-8").split() == ["a", "b"]
    assert type(pickle.loads(pickle.dumps(text))) is str


def test_what_is_no_text_is_read_as_bytes(path):
    data = b"\x89PNG\xff\x00"
    with gfile.FastGFile(path, "wb") as file:
        file.write(data)
    with gfile.FastGFile(path, "r") as file:
        assert file.read() == data
        assert file.read() == ""


def test_folders(tmp_path):
    root = str(tmp_path / "a")
    gfile.MkDir(root)
    gfile.MakeDirs(root + "/b/c")
    for name in ("x", ".hidden"):
        gfile.Open(f"{root}/{name}", "w").close()
    assert sorted(gfile.ListDirectory(root)) == ["b", "x"]
    assert sorted(gfile.ListDirectory(root, True)) == [".hidden", "b", "x"]
    assert (
        gfile.Glob(root + "/*") == [root + "/b", root + "/x"]
        or len(gfile.Glob(root + "/*")) == 2
    )
    assert [top for top, _, _ in gfile.Walk(root)] == [
        root,
        root + "/b",
        root + "/b/c",
    ]
    assert [top for top, _, _ in gfile.Walk(root, topdown=0)][-1] == root
    assert gfile.Exists(root)
    assert gfile.IsDirectory(root)
    assert not gfile.IsDirectory(root + "/x")
    assert gfile.Stat(root + "/x").st_size == 0
    gfile.RmDir(root + "/b/c")
    gfile.Remove(root + "/x")
    gfile.DeleteRecursively(root)
    assert not gfile.Exists(root)


@pytest.mark.parametrize("change", [gfile.Copy, gfile.Rename])
def test_copy_and_rename_overwrite_only_when_told(tmp_path, change):
    old, new = str(tmp_path / "old"), str(tmp_path / "new")
    for name, text in ((old, "old"), (new, "new")):
        with gfile.GFile(name, "w") as file:
            file.write(text)
    with pytest.raises(OSError, match="File exists"):
        change(old, new)
    change(old, new, overwrite=True)
    with gfile.GFile(new) as file:
        assert file.read() == "old"
    assert gfile.Exists(old) is (change is gfile.Copy)


def test_missing_files_raise_os_errors(path):
    for call in (gfile.GFile, gfile.Remove, gfile.Stat, gfile.ListDirectory):
        with pytest.raises(FileNotFoundError):
            call(path)
