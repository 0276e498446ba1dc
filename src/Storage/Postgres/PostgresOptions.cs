using System.ComponentModel.DataAnnotations;

namespace Sophia.Postgres;

/// <summary>Where PostgreSQL is, and how much of it one silo may use. Checked at start.</summary>
public sealed class PostgresOptions : IValidatableObject
{
    /// <summary>How the silo connects: a role that owns nothing, with its password. SOPHIA_POSTGRES.</summary>
    [Required]
    public string Connection { get; set; } = "";

    /// <summary>How the schema's owner connects, to make and migrate it at start; null where somebody else does that. SOPHIA_POSTGRES_OWNER.</summary>
    public string? OwnerConnection { get; set; }

    /// <summary>Connections of this silo at most. Default 32; 2 to 1,000. The server needs silos × this + 10.</summary>
    [Range(2, 1_000)]
    public int Connections { get; set; } = 32;

    /// <summary>Connections that one tenant's reads use at most, beside the one that writes for it. Default 4; 1 to 64.</summary>
    [Range(1, 64)]
    public int ReadersPerTenant { get; set; } = 4;

    /// <summary>Connections that no read takes, so that writes find one whatever is read; no setting of an installation. Default: a quarter of <see cref="Connections"/>, at least 1; 1 to 999, and less than <see cref="Connections"/>.</summary>
    [Range(1, 999)]
    public int? KeptForWrites { get; set; }

    /// <summary>Connections that all reads together use at most.</summary>
    public int ReadConnections => Connections - (KeptForWrites ?? Math.Max(1, Connections / 4));

    /// <summary>How long to wait for a connection, made or free, in seconds. Default 15; 1 to 300.</summary>
    [Range(1, 300)]
    public int ConnectWithinSeconds { get; set; } = 15;

    /// <summary>How long one statement may take, in seconds. Default 30; 1 to 3,600.</summary>
    [Range(1, 3_600)]
    public int StatementWithinSeconds { get; set; } = 30;

    /// <summary>How long to wait for a tenant that another silo writes for, in seconds: longer than <see cref="IdleTransactionWithinSeconds"/>, so that who waits for a silo that was
    /// held still outlives it and is not refused. Default 10; 1 to 600.</summary>
    [Range(1, 600)]
    public int LockWithinSeconds { get; set; } = 10;

    /// <summary>How long a transaction may wait for its silo's next statement, in seconds, before the server rolls it back: a silo that was held still or cut off holds its tenants' rows
    /// for no longer. Between two statements a silo only computes what it writes, well under a second; one that stalls for longer does the work again. Default 5; 1 to 600.</summary>
    [Range(1, 600)]
    public int IdleTransactionWithinSeconds { get; set; } = 5;

    /// <summary>Writes of one tenant that may wait; further callers wait for room. Default 1,024; 1 to 100,000.</summary>
    [Range(1, 100_000)]
    public int MaxQueuedWrites { get; set; } = 1_024;

    /// <summary>Writes of one tenant committed together at most. Default 256; 1 to 10,000.</summary>
    [Range(1, 10_000)]
    public int MaxGroupWrites { get; set; } = 256;

    /// <summary>Bytes after which a group takes no further write. Default 16 MiB; 64 KiB to 256 MiB.</summary>
    [Range(64 * 1024, 256 * 1024 * 1024)]
    public int MaxGroupBytes { get; set; } = 16 * 1024 * 1024;

    /// <summary>Tenants whose names and streams are remembered at a time. Default 1,000; 1 to 100,000.</summary>
    [Range(1, 100_000)]
    public int RememberedTenants { get; set; } = 1_000;

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (KeptForWrites >= Connections)
            yield return new ValidationResult($"KeptForWrites is {KeptForWrites} of {Connections} Connections: it must be less, or nothing is left to read with.", [nameof(KeptForWrites)]);
    }
}
