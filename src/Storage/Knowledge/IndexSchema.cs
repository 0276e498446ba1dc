using Sophia.Sqlite;

namespace Sophia.Knowledge;

/// <summary>What an <c>index.db</c> looks like (docs/adr/0006). It can be built anew from the log at any time, so a power loss may take its newest commits.</summary>
internal static class IndexSchema
{
    /// <summary>Nothing of an older format is kept: an empty index with its cursor at the start is filled from the log.</summary>
    private const string Format2 = """
        DROP TABLE IF EXISTS chunk_terms; DROP TABLE IF EXISTS chunk_words; DROP TABLE IF EXISTS chunk; DROP TABLE IF EXISTS record; DROP TABLE IF EXISTS progress;
        CREATE TABLE progress(
            id INTEGER PRIMARY KEY CHECK (id = 1),
            position INTEGER NOT NULL, version INTEGER NOT NULL, chunks INTEGER NOT NULL);
        INSERT INTO progress(id, position, version, chunks) VALUES (1, 0, 0, 0);
        CREATE TABLE record(
            id INTEGER PRIMARY KEY,
            stream TEXT NOT NULL, key TEXT NOT NULL, version INTEGER NOT NULL, position INTEGER NOT NULL, at INTEGER NOT NULL,
            title TEXT NOT NULL, fields TEXT NOT NULL, chunks INTEGER NOT NULL, indexed_at INTEGER NOT NULL,
            UNIQUE (stream, key));
        CREATE INDEX record_by_key ON record(key);
        CREATE TABLE chunk(
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            record INTEGER NOT NULL, ordinal INTEGER NOT NULL, kind INTEGER NOT NULL, speakers TEXT NOT NULL, words BLOB NOT NULL,
            title TEXT NOT NULL, section TEXT NOT NULL, text TEXT NOT NULL, spans TEXT NOT NULL,
            UNIQUE (record, ordinal));
        CREATE VIRTUAL TABLE chunk_words USING fts5(title, section, text, content='chunk', content_rowid='id', tokenize='porter unicode61');
        CREATE VIRTUAL TABLE chunk_terms USING fts5vocab(chunk_words, row);
        """;

    /// <summary>Nobody has a file of format 1 that was not emptied since; a new file passes through it without tables.</summary>
    private const string Format1 = "";

    // Format 3 adds the tables of vectors and touches nothing else.

    /// <summary>"SoIx": marks the file as Sophia's index.</summary>
    public static readonly DatabaseKind Kind = new("index.db", 0x536F4978, [Format1, Format2, SqliteVectors.Tables], Durability.Normal, Rebuildable: true);
}
