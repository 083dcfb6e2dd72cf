"""The stubs match the module, and the package's own Python is typed."""

import subprocess
import sys

import ngtoken


def run(*arguments, tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_stubs_are_those_of_the_module(tmp_path):
    # Before 3.12 the buffer protocol has no names in Python.
    names = [f"ngtoken._core.{name}.__{verb}buffer__" for name in ("Buf", "Tokens") for verb in ("", "release_")]
    # Subclasses of int that have attributes.
    names += ["ngtoken._answers.Count", "ngtoken._answers.Truth"]
    allowed = tmp_path / "allowed"
    allowed.write_text("\n".join(names))
    run("mypy.stubtest", "ngtoken", "--allowlist", str(allowed), "--ignore-unused-allowlist", tmp_path=tmp_path)


def test_the_package_is_typed(tmp_path):
    cache = f"--cache-dir={tmp_path / 'cache'}"
    run("mypy", "--strict", cache, "--package", "ngtoken", tmp_path=tmp_path)


def test_everything_public_is_there_and_documented():
    for name in ngtoken.__all__:
        thing = getattr(ngtoken, name)
        assert name.isupper() or name == "__version__" or thing.__doc__, name
        if isinstance(thing, type):
            for attribute, value in vars(thing).items():
                if not attribute.startswith("_") and callable(value):
                    assert value.__doc__, f"{name}.{attribute}"
    assert set(ngtoken.__all__) <= set(dir(ngtoken))
