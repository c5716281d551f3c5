"""An analyst labels a file of comments."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from heed.sense.actions.label import MissingColumn, UnquotedText, label_file


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def test_each_comment_gets_its_labels_and_every_other_cell_stays(tmp_path: Path) -> None:
    source = tmp_path / "comments.csv"
    source.write_text(
        'id,comment,intent\n1,"Terrible service, I am furious",mine\n2,"Danke, alles super!",\n3,,\n',
        encoding="utf-8-sig",
    )
    seen: list[int] = []
    count = label_file(source, "comment", tmp_path / "out.csv", seen.append)
    rows = rows_of(tmp_path / "out.csv")
    assert count == len(rows) == 3
    assert [row["id"] for row in rows] == ["1", "2", "3"]
    assert [row["sentiment_label"] for row in rows] == ["negative", "positive", "neutral"]
    assert [row["language"] for row in rows] == ["en", "de", ""]
    assert rows[0]["intent_before"] == "mine"
    assert rows[0]["intent"] == "complaint"
    assert float(rows[0]["sentiment"]) < 0 < float(rows[1]["sentiment"])
    assert sum(seen) == source.stat().st_size - len("\ufeff".encode())


def test_a_missing_column_is_answered_with_those_there_are(tmp_path: Path) -> None:
    source = tmp_path / "comments.csv"
    source.write_text("id;Kommentar\n1;gut\n", encoding="utf-8")
    with pytest.raises(MissingColumn, match=r"no column 'comment'.* id, Kommentar"):
        label_file(source, "comment", tmp_path / "out.csv")
    assert not (tmp_path / "out.csv").exists()
    assert label_file(source, "Kommentar", tmp_path / "out.csv") == 1


def test_a_file_may_replace_itself_and_holds_odd_rows(tmp_path: Path) -> None:
    source = tmp_path / "comments.csv"
    source.write_text('a,text\n"x\ny","two\nlines"\nshort\n1,Sorry, but no, thanks\n', encoding="utf-8")
    assert label_file(source, "text", source) == 3
    rows = rows_of(source)
    assert rows[2]["text"] == "Sorry, but no, thanks"
    assert rows[0]["a"] == "x\ny"
    assert rows[1]["text"] == ""
    assert sorted(path.name for path in tmp_path.iterdir()) == ["comments.csv"]


def test_a_file_that_is_not_utf8_leaves_nothing_behind(tmp_path: Path) -> None:
    source = tmp_path / "comments.csv"
    source.write_bytes(b"text\n" + b"caf\xe9\n" * 5000)
    with pytest.raises(UnicodeDecodeError):
        label_file(source, "text", tmp_path / "out.csv")
    assert [path.name for path in tmp_path.iterdir()] == ["comments.csv"]


def test_a_text_cut_by_its_own_comma_is_refused_and_not_cut_short(tmp_path: Path) -> None:
    source = tmp_path / "comments.csv"
    source.write_text("text,id\nfine,1\nNo, thanks,2\n", encoding="utf-8")
    with pytest.raises(UnquotedText, match="Line 3 has 3 fields, the header 2"):
        label_file(source, "text", tmp_path / "out.csv")
    assert not (tmp_path / "out.csv").exists()
