namespace Sophia.Sqlite;

/// <summary>How far a commit is driven before it counts.</summary>
internal enum Durability
{
    /// <summary>synchronous=NORMAL: a power loss may take the newest commits, never the file.</summary>
    Normal = 1,

    /// <summary>synchronous=FULL: when a commit returns, the disk has it.</summary>
    Full = 2,
}

/// <summary>A kind of database file: how it is called, what marks it, and the scripts that bring it from one version to the next.</summary>
/// <param name="FileName">Within the tenant's folder, or the root's.</param>
/// <param name="ApplicationId">SQLite's application_id; a file with another one is refused as corrupt.</param>
/// <param name="Migrations">Script n leads from user_version n to n + 1; never edited once released, only added to.</param>
/// <param name="Durability">The most that this file's commits are driven; a single write may ask for less.</param>
/// <param name="Rebuildable">Whether what it holds can be made again: then a damaged file is set aside as <c>….damaged</c> when a write meets the damage, and the next write begins anew.</param>
internal sealed record DatabaseKind(string FileName, int ApplicationId, IReadOnlyList<string> Migrations, Durability Durability, bool Rebuildable = false)
{
    public int Version => Migrations.Count;
}
