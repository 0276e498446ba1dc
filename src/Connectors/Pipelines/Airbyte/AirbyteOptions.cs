namespace Sophia.Pipelines;

/// <summary>What an operator allows connectors to do, whatever a definition says. A connector runs as Sophia's own user.</summary>
public sealed class AirbyteOptions
{
    /// <summary>Tenants that may run connectors: a command is a program on this machine. Empty (default): none.</summary>
    public IReadOnlyList<string> TrustedTenants { get; set; } = [];

    /// <summary>How many connectors of one tenant read at once; the next one waits. Default 4, range 1 to 64.</summary>
    public int MaxPerTenant { get; set; } = 4;

    /// <summary>Where configurations lie while a connector runs, each in a folder of its own that nobody else may read. Default: a folder in the system's temporary one.</summary>
    public string WorkFolder { get; set; } = Path.Combine(Path.GetTempPath(), "sophia-connectors");

    /// <summary>The program that runs images. Default: docker.</summary>
    public string Docker { get; set; } = "docker";

    /// <summary>Variables that a connector is given beside <see cref="ConnectorEnvironment.Usual"/>; it sees no others. Default: none.</summary>
    public IReadOnlyList<string> PassedVariables { get; set; } = [];

    /// <summary>How long a connector may take to end after it was asked to. Default 10 s, range 0 to 5 minutes.</summary>
    public TimeSpan Grace { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>A batch that is not full is handed on after this. Default 1 s, range 10 ms to 5 s.</summary>
    public TimeSpan Linger { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>How many pieces that are no records one reading may hold before the connector is ended. Default 10,000, range 1 to 1,000,000.</summary>
    public int MaxBadPieces { get; set; } = 10_000;

    internal bool IsInRange => MaxPerTenant is >= 1 and <= 64 && Grace >= TimeSpan.Zero && Grace <= TimeSpan.FromMinutes(5)
        && Linger >= TimeSpan.FromMilliseconds(10) && Linger <= TimeSpan.FromSeconds(5) && MaxBadPieces is >= 1 and <= 1_000_000;
}
