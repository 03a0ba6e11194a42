"""The ledger and the versions of Sluice: its tables change with a copy kept, and newer ones are left alone."""

from __future__ import annotations

import asyncio
import hashlib
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.cli.ledger import held_agents
from bot.errors import UserError
from bot.ledger.ledger import SqlLedger
from bot.ledger.open import MIGRATIONS, has_newest_shape, open_ledger
from bot.ledger.upgrade import KEPT, back_up, trouble_with
from bot.settings import Settings
from tests.contracts.ledger_world import add

LATER = """
revision, down_revision, branch_labels, depends_on = "0002", "0001", None, None

def upgrade():
    from alembic import op
    import sqlalchemy as sa
    op.create_table("laters", sa.Column("id", sa.Integer(), primary_key=True))
"""


@pytest.fixture
def newer(tmp_path: Path) -> Path:
    """The migrations of the next version."""
    folder = tmp_path / "migrations"
    shutil.copytree(MIGRATIONS, folder)
    (folder / "versions" / "0002_later.py").write_text(LATER)
    return folder


async def test_the_ledger_is_copied_before_its_tables_change(tmp_path: Path, newer: Path) -> None:
    """The copy is the ledger as it was; a start that changes no table makes none."""
    url = f"sqlite:///{tmp_path}/ledger.db"
    await filled(url)
    await (await open_ledger(url)).close()
    assert not (tmp_path / "backups").exists()
    await (await open_ledger(url, migrations=newer)).close()
    [copy] = (tmp_path / "backups").iterdir()
    assert tables(tmp_path / "ledger.db") - tables(copy) == {"laters"}
    kept = await open_ledger(f"sqlite:///{copy}")
    assert [row.item.id for row in await kept.items()] == ["card-1"]
    await kept.close()


async def test_a_newer_ledger_is_left_alone(database: str, newer: Path) -> None:
    """The older version says what to do and changes nothing."""
    await filled(database)
    later = await open_ledger(database, migrations=newer)
    before = await rows(later)
    with pytest.raises(UserError, match=r"belongs to a newer Sluice .*0002.*0001.*install that version again"):
        await open_ledger(database)
    assert await rows(later) == before
    await later.close()


async def test_the_command_line_refuses_a_newer_ledger(tmp_path: Path) -> None:
    """In one sentence, with exit code 2, and not one byte of the file changes."""
    await (await open_ledger(f"sqlite:///{tmp_path}/ledger.db")).close()
    with closing(sqlite3.connect(tmp_path / "ledger.db")) as file, file:
        file.execute("UPDATE alembic_version SET version_num = '0099'")
    before = digest(tmp_path / "ledger.db")
    (tmp_path / "sluice.toml").write_text('data_dir = "."\n[boards."acme/1"]\n')
    words = [str(Path(sys.executable).with_name("sluice")), "board", "show"]
    told = await asyncio.to_thread(subprocess.run, words, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert told.returncode == 2 and "0099" in told.stderr and told.stderr.count("\n") == 1, told
    assert "belongs to a newer Sluice" in trouble_with(tmp_path / "ledger.db")  # as doctor says
    assert digest(tmp_path / "ledger.db") == before and not (tmp_path / "backups").exists()


async def test_who_only_looks_brings_nothing_up_to_date(database: str, newer: Path) -> None:
    """To doctor's eyes a ledger of an older version is old, and stays so."""
    assert not has_newest_shape(database)
    await filled(database)
    assert has_newest_shape(database) and not has_newest_shape(database, newer)
    assert has_newest_shape(database)


async def test_doctor_leaves_an_older_ledger_as_it_is(tmp_path: Path) -> None:
    """What agents wait for is read only where the tables are as new as the program; no table and no copy is made."""
    file = tmp_path / "ledger.db"
    await (await open_ledger(f"sqlite:///{file}")).close()
    with closing(sqlite3.connect(file)) as old, old:
        old.execute("UPDATE alembic_version SET version_num = '0000'")
    before = digest(file)
    assert await held_agents(Settings(data_dir=tmp_path)) == []
    assert digest(file) == before and not (tmp_path / "backups").exists()


async def test_the_last_copies_are_kept(tmp_path: Path) -> None:
    """Older ones go."""
    await filled(f"sqlite:///{tmp_path}/ledger.db")
    copies = [back_up(tmp_path / "ledger.db", f"000{n}") for n in range(KEPT + 2)]
    assert sorted((tmp_path / "backups").iterdir()) == copies[2:]


async def filled(url: str) -> None:
    ledger = await open_ledger(url)
    await add(ledger, 1)
    await ledger.close()


async def rows(ledger: SqlLedger) -> list[object]:
    async with ledger.read() as tx:
        version = (await tx.execute(sa.text("SELECT version_num FROM alembic_version"))).scalar_one()
        return [version, *(await tx.execute(sa.text("SELECT id, rev FROM items"))).all()]


def tables(file: Path) -> set[str]:
    with closing(sqlite3.connect(file)) as database:
        return {name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}


def digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()
