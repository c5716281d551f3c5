"""Every setting is described, and a wrong one is explained."""

from __future__ import annotations

import os
import stat
from dataclasses import fields
from pathlib import Path

import pytest

from heed.settings import _RANGES, TOML_NAMES, Settings, SettingsError, environment_name, read

PAGE = (Path(__file__).parents[1] / "docs" / "settings.md").read_text()


@pytest.mark.parametrize("name", [each.name for each in fields(Settings)])
def test_every_setting_is_described(name: str) -> None:
    (line,) = [each for each in PAGE.splitlines() if each.startswith(f"| `{TOML_NAMES.get(name, name)}` |")]
    assert environment_name(name) in line
    assert len(line.split("|")[4].strip()) > 10


def test_every_number_has_a_range_that_its_default_is_in() -> None:
    numbers = {each.name: each.default for each in fields(Settings) if each.type == "int"}
    assert numbers.keys() == _RANGES.keys()
    assert all(least <= numbers[name] <= most for name, (least, most) in _RANGES.items())


def test_nothing_is_described_that_is_no_setting() -> None:
    described = {each.split("`")[1] for each in PAGE.splitlines() if each.startswith("| `")}
    assert described == {TOML_NAMES.get(each.name, each.name) for each in fields(Settings)}


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    (tmp_path / "heed.toml").write_text('port = 9000\norganisation = "Acme"\nallowed_hosts = ["a", "b"]\n')
    found = read({"HEED_DATA": str(tmp_path), "HEED_PORT": "9100", "HEED_OPEN_PROPERTIES": "size, colour"})
    assert (found.port, found.organisation, found.allowed_hosts) == (9100, "Acme", ["a", "b"])
    assert found.open_properties == ["size", "colour"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("prot = 9000", "no setting 'prot'"),
        ('port = "many"', "port in heed.toml is 'many': it has to be a whole number"),
        ("port = ", "not valid TOML"),
        ("port = 0", "it can be 1 to 65,535"),
        ("organisation = [1]", "it has to be a text"),
    ],
)
def test_a_mistake_in_the_file_is_explained(tmp_path: Path, content: str, words: str) -> None:
    (tmp_path / "heed.toml").write_text(content)
    with pytest.raises(SettingsError, match=words):
        read({"HEED_DATA": str(tmp_path)})


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("HEED_PUBLIC_URL", "heed.example.com", "a whole address, such as https://heed.example.com"),
        ("HEED_PUBLIC_URL", "https://", "a whole address"),
        ("HEED_PUBLIC_URL", "https://heed.example.com/?a=b", "a whole address"),
        ("HEED_PHONE_REGION", "Germany", "two letters of a country"),
        ("HEED_PHONE_REGION", "UK", "two letters of a country, such as DE, GB or US"),
        ("HEED_LOG_LEVEL", "loud", "it can be debug, info, warning, error"),
        ("HEED_ENGINES", "0", "it can be 1 to 32"),
        ("HEED_DEBUG", "perhaps", "it has to be true or false"),
        ("HEED_DATA", "100%25", "may not have a % in it"),
        ("HEED_CONFIG", "/nowhere/heed.toml", "there is no such file"),
    ],
)
def test_a_wrong_value_is_refused_with_what_it_has_to_be(name: str, value: str, words: str) -> None:
    with pytest.raises(SettingsError) as refused:
        read({name: value})
    assert value in str(refused.value)
    assert words in str(refused.value)


@pytest.mark.parametrize(
    ("content", "data"),
    [("data = 5", None), ("", "caf\udce9"), ("", "new\nline")],
)
def test_a_data_folder_that_cannot_be_one_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str, data: str | None
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "heed.toml").write_text(content)
    with pytest.raises(SettingsError, match="path"):
        read({"HEED_DATA": data} if data else {})


def test_a_variable_that_is_empty_is_not_set() -> None:
    names = [each.name for each in fields(Settings)]
    assert read(dict.fromkeys(map(environment_name, names), "")) == read({})


def test_countries_and_organisations_are_read_as_people_write_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "heed.toml").write_bytes('organisation = "Müller & Söhne"'.encode())
    found = read({"HEED_PHONE_REGION": "de", "HEED_LOG_LEVEL": "WARNING", "HEED_DATA": str(tmp_path)})
    assert (found.phone_region, found.organisation) == ("DE", "Müller & Söhne")


def test_everything_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "heed.toml").write_text("prot = 1\nengines = 99\n")
    with pytest.raises(SettingsError) as refused:
        read({"HEED_DATA": str(tmp_path), "HEED_PORT": "x"}, page_threads="y")
    said = str(refused.value)
    assert len(said.splitlines()) == 4
    assert all(each in said for each in ("'prot'", "engines in heed.toml", "HEED_PORT", "--page_threads"))


def test_a_secret_is_not_told_with_what_is_wrong_about_it(tmp_path: Path) -> None:
    (tmp_path / "heed.toml").write_text('master_key = ["abcdef0123456789"]\n')
    with pytest.raises(SettingsError) as refused:
        read({"HEED_DATA": str(tmp_path)})
    assert "abcdef" not in str(refused.value)


def test_a_working_folder_closed_to_the_user_has_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def closed(*_: object, **__: object) -> os.stat_result:
        raise PermissionError(13, "Permission denied", "heed.toml")

    with monkeypatch.context() as patched:
        patched.setattr(os, "stat", closed)
        found = read({"HEED_DATA": str(tmp_path)})
    assert found.port == Settings.port


def test_a_file_that_cannot_be_read_is_explained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "heed.toml").write_text("port = 9000")

    def closed(self: Path, *_: object) -> str:
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "read_text", closed)
    with pytest.raises(SettingsError, match="cannot be read: Permission denied"):
        read({"HEED_DATA": str(tmp_path)})


def test_keys_are_made_once_and_closed_to_others(tmp_path: Path) -> None:
    first, second = (read({"HEED_DATA": str(tmp_path)}) for _ in range(2))
    assert first.master_key == second.master_key
    assert len(first.master_key) == 32
    assert stat.S_IMODE(os.stat(tmp_path / "master.key").st_mode) == 0o600


def test_a_socket_path_fits_however_deep_the_folder_lies(tmp_path: Path) -> None:
    deep = tmp_path.joinpath(*["folder"] * 20)
    assert len(str(read({"HEED_DATA": str(deep)}).socket_folder / ".s.PGSQL.5432")) < 108
