using Sophia.Sqlite;

namespace Sophia.Knowledge;

/// <summary>What an <c>index.db</c> looks like (docs/adr/0006). It can be built anew from the log at any time, so a power loss may take its newest commits.</summary>
internal static class IndexSchema
{
    private const string Tables = """
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
            record INTEGER NOT NULL, ordinal INTEGER NOT NULL, kind INTEGER NOT NULL,
            title TEXT NOT NULL, section TEXT NOT NULL, text TEXT NOT NULL, speakers TEXT NOT NULL, spans TEXT NOT NULL,
            UNIQUE (record, ordinal));
        CREATE VIRTUAL TABLE chunk_words USING fts5(title, section, text, content='chunk', content_rowid='id', tokenize='porter unicode61');
        CREATE VIRTUAL TABLE chunk_terms USING fts5vocab(chunk_words, row);
        """;

    /// <summary>"SoIx": marks the file as Sophia's index.</summary>
    public static readonly DatabaseKind Kind = new("index.db", 0x536F4978, [Tables], Durability.Normal);
}
