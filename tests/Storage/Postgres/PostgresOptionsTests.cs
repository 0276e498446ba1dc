using System.ComponentModel.DataAnnotations;

namespace Sophia.Postgres;

// Goal: what leaves no connection to read with is refused at start, in a sentence. Method: the rules alone, without a server.
public sealed class PostgresOptionsTests
{
    [Theory]
    [InlineData(2, null, 1)]
    [InlineData(32, null, 24)]
    [InlineData(4, 3, 1)]
    public void Some_connections_read_whatever_is_kept_for_writes(int connections, int? kept, int read)
    {
        var options = Options(connections, kept);
        Assert.Empty(Refusals(options));
        Assert.Equal(read, options.ReadConnections);
    }

    [Theory]
    [InlineData(4, 4)]
    [InlineData(4, 5)]
    public void Not_all_connections_are_kept_for_writes(int connections, int kept) =>
        Assert.Equal($"KeptForWrites is {kept} of {connections} Connections: it must be less, or nothing is left to read with.", Assert.Single(Refusals(Options(connections, kept))).ErrorMessage);

    private static PostgresOptions Options(int connections, int? kept) => new() { Connection = "Host=h", Connections = connections, KeptForWrites = kept };

    private static List<ValidationResult> Refusals(PostgresOptions options)
    {
        var refusals = new List<ValidationResult>();
        Validator.TryValidateObject(options, new ValidationContext(options), refusals, validateAllProperties: true);
        return refusals;
    }
}
