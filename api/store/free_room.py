"""Gives the room of deleted rows back to the disk, so that what was forgotten is in no file any more."""

from api.store.database import Database


def give_room_back(database: Database) -> None:
    """Shrink a SQLite file by its empty pages; PostgreSQL does so by itself."""
    if not database.is_sqlite:
        return
    with database.outside_transaction() as connection:
        (is_incremental,) = connection.execute("SELECT auto_vacuum = 2 FROM pragma_auto_vacuum").fetchone()
        (empty,) = connection.execute("PRAGMA freelist_count").fetchone()
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        if is_incremental:
            connection.executescript(
                "PRAGMA incremental_vacuum"
            )  # frees a page at each step: it must be run to its end
        elif empty > pages // 4:
            connection.execute("VACUUM")  # rewritten once, the file gives pages back in small steps from then on
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
