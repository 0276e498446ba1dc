using System.Text.RegularExpressions;

namespace Sophia.House;

/// <summary>Keeps PostgreSQL's shared tables behind the one door that says whose transaction it is.</summary>
public partial class TenantSqlTests
{
    /// <summary>Who may speak to a connection: the transaction of a tenant and what hands it one; migration, start check and the doctor's look, which name no tenant's table in their own text.</summary>
    private static readonly string[] Doors = ["TenantTransaction", "TenantStatements", "TenantLane", "PostgresDatabase", "SchemaMigrator", "StartCheck", "PostgresLook"];

    private static IEnumerable<string> Sources => Repository.Files("src", ".cs", ".razor");

    [Fact]
    public void Only_the_transaction_of_a_tenant_makes_commands() =>
        Assert.Empty(Sources.Where(file => Commands().IsMatch(Repository.Read(file)) && !Doors.Any(door => file == $"src/Storage/Postgres/{door}.cs")));

    [Fact]
    public void No_door_but_the_transaction_names_a_tenants_table() =>
        Assert.Empty(Doors.Where(door => door != "TenantTransaction" && TenantTable().IsMatch(Repository.Read($"src/Storage/Postgres/{door}.cs"))));

    [Fact]
    public void Every_statement_over_a_tenants_table_names_its_tenant()
    {
        var statements = from file in Repository.Files("src", ".cs")
                         where !file.EndsWith("Schema.cs", StringComparison.Ordinal)
                         from Match text in Text().Matches(Repository.Read(file))
                         where TenantTable().IsMatch(text.Value) && !text.Value.StartsWith("\"JOIN", StringComparison.Ordinal)
                         select (file, text.Value);
        var known = statements.ToList();
        Assert.True(known.Count > 20, "the statements are no longer found");
        Assert.Empty(known.Where(statement => !statement.Value.Contains("$1", StringComparison.Ordinal)));
    }

    [GeneratedRegex(@"\bNpgsql(Command|Batch|Connection|DataSource|BatchCommand|BinaryImporter)\b|\.Create(Command|Batch)\(|\.Begin(Binary|Text|Raw)")]
    private static partial Regex Commands();

    [GeneratedRegex(@"sophia\.(tenants|streams|names|log|heads|owners|once|checkpoints|sync_logs|unreadable|quarantine|quarantine_counts|grain_state|reminders|index_progress|index_records|index_chunks|index_words|search_progress|search_records|search_leavings|search_embedders|search_vectors|index_vector_state|index_embedders|index_vectors|idempotency|queues|queue_items|queue_numbers)\b")]
    private static partial Regex TenantTable();

    [GeneratedRegex("\"\"\"[\\s\\S]*?\"\"\"|\"(?:[^\"\\\\\\r\\n]|\\\\.)*\"")]
    private static partial Regex Text();
}
