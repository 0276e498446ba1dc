namespace Sophia.Resilience;

/// <summary>What this installation is made of, as its configuration says. The same in every process.</summary>
public sealed record DomainTopology
{
    /// <summary>Stores by what lies in them: the log, grain state that lasts, grain state that may be lost, the index. Default: one file-based store for all.</summary>
    public string Log { get; init; } = Sqlite;

    /// <inheritdoc cref="Log"/>
    public string State { get; init; } = Sqlite;

    /// <inheritdoc cref="Log"/>
    public string FastState { get; init; } = Sqlite;

    /// <inheritdoc cref="Log"/>
    public string Index { get; init; } = Sqlite;

    /// <summary>The shared cache, or null.</summary>
    public string? Cache { get; init; }

    /// <summary>The answer model's address (host and port) under the name of its breaker, or null.</summary>
    public string? Model { get; init; }

    /// <inheritdoc cref="Model"/>
    public string? Embedding { get; init; }

    /// <inheritdoc cref="Model"/>
    public string? EmbeddingSecondary { get; init; }

    public const string Sqlite = "sqlite", Postgres = "postgres", Redis = "redis", Weaviate = "weaviate";

    /// <summary>Names of breakers, and of dependencies in reports of health.</summary>
    public const string ModelName = "model", EmbeddingName = "embedding", EmbeddingSecondaryName = "embedding-secondary";

    /// <summary>Declared dependencies by their addresses.</summary>
    internal IEnumerable<(string Address, string Name)> Addresses =>
        ((string? Address, string Name)[])[(Model, ModelName), (Embedding, EmbeddingName), (EmbeddingSecondary, EmbeddingSecondaryName)] is var all ? all.Where(one => one.Address is not null).Select(one => (one.Address!, one.Name)) : [];
}
