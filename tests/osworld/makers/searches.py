"""Thunderbird's database for searches over all folders, as of mails that it has met and not yet read."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from urllib.parse import quote

from tests.osworld.makers.mails import Mail

__all__ = ["search_database"]

_VERSION = 30
_FIRST = 32
"""The lowest number of a mail; those below have meanings of their own."""
_DIRTY = 1

# Its tables in this version, as modules/gloda/GlodaDatastore.sys.mjs describes them.
_SCHEMA = """
CREATE TABLE folderLocations (id INTEGER PRIMARY KEY, folderURI TEXT NOT NULL, dirtyStatus INTEGER NOT NULL,
    name TEXT NOT NULL, indexingPriority INTEGER NOT NULL);
CREATE TABLE conversations (id INTEGER PRIMARY KEY, subject TEXT NOT NULL, oldestMessageDate INTEGER,
    newestMessageDate INTEGER);
CREATE INDEX subject ON conversations(subject);
CREATE INDEX oldestMessageDate ON conversations(oldestMessageDate);
CREATE INDEX newestMessageDate ON conversations(newestMessageDate);
CREATE TABLE messages (id INTEGER PRIMARY KEY, folderID INTEGER, messageKey INTEGER, conversationID INTEGER NOT NULL,
    date INTEGER, headerMessageID TEXT, deleted INTEGER NOT NULL default 0, jsonAttributes TEXT,
    notability INTEGER NOT NULL default 0);
CREATE INDEX messageLocation ON messages(folderID, messageKey);
CREATE INDEX headerMessageID ON messages(headerMessageID);
CREATE INDEX conversationID ON messages(conversationID);
CREATE INDEX date ON messages(date);
CREATE INDEX deleted ON messages(deleted);
CREATE TABLE attributeDefinitions (id INTEGER PRIMARY KEY, attributeType INTEGER NOT NULL, extensionName TEXT NOT NULL,
    name TEXT NOT NULL, parameter BLOB);
CREATE TABLE messageAttributes (conversationID INTEGER NOT NULL, messageID INTEGER NOT NULL,
    attributeID INTEGER NOT NULL, value NUMERIC);
CREATE INDEX attribQuery ON messageAttributes(attributeID, value, conversationID, messageID);
CREATE INDEX messageAttribFastDeletion ON messageAttributes(messageID);
CREATE TABLE contacts (id INTEGER PRIMARY KEY, directoryUUID TEXT, contactUUID TEXT, popularity INTEGER,
    frecency INTEGER, name TEXT, jsonAttributes TEXT);
CREATE INDEX popularity ON contacts(popularity);
CREATE INDEX frecency ON contacts(frecency);
CREATE TABLE contactAttributes (contactID INTEGER NOT NULL, attributeID INTEGER NOT NULL, value NUMERIC);
CREATE INDEX contactAttribQuery ON contactAttributes(attributeID, value, contactID);
CREATE TABLE identities (id INTEGER PRIMARY KEY, contactID INTEGER NOT NULL, kind TEXT NOT NULL, value TEXT NOT NULL,
    description NOT NULL, relay INTEGER NOT NULL);
CREATE INDEX contactQuery ON identities(contactID);
CREATE INDEX valueQuery ON identities(kind, value);
CREATE VIRTUAL TABLE conversationsText USING fts3(tokenize porter, subject TEXT);
CREATE VIRTUAL TABLE messagesText USING fts3(tokenize porter, body TEXT, subject TEXT, attachmentNames TEXT,
    author TEXT, recipients TEXT);
"""
# What takes words apart is Thunderbird's own, which no other program has.
_OWN_WORDS = "UPDATE sqlite_master SET sql = replace(sql, 'tokenize porter', 'tokenize mozporter')"


def search_database(folders: Mapping[str, tuple[int, Sequence[Mail]]]) -> bytes:
    """The file ``global-messages-db.sqlite``.

    Args:
        folders: by their names among the local ones, the numbers under which they are known, and their mails.
    """
    with sqlite3.connect(":memory:") as database:
        database.executescript(_SCHEMA)
        mails = 0
        for name, (number, within) in folders.items():
            place = f"mailbox://nobody@Local%20Folders/{quote(name)}"
            database.execute("INSERT INTO folderLocations VALUES (?, ?, ?, ?, 20)", (number, place, _DIRTY, name))
            for mail in within:
                mails += 1
                _add(database, mail, folder=number, mail_number=_FIRST + mails, conversation=mails)
        database.executescript(f"PRAGMA writable_schema = ON; {_OWN_WORDS}; PRAGMA user_version = {_VERSION}")
        return database.serialize()


def _add(database: sqlite3.Connection, mail: Mail, *, folder: int, mail_number: int, conversation: int) -> None:
    sent = int(mail.sent.timestamp() * 1_000_000)
    database.execute("INSERT INTO conversations VALUES (?, ?, ?, ?)", (conversation, mail.subject, sent, sent))
    # Its place in the folder's file is not told: Thunderbird finds it by its identity.
    database.execute(
        "INSERT INTO messages VALUES (?, ?, NULL, ?, ?, ?, 0, '{}', 0)",
        (mail_number, folder, conversation, sent, mail.identity),
    )
