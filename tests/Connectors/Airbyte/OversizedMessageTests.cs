namespace Sophia.Pipelines;

/// <summary>A connector's line far beyond the limit, and what it costs.</summary>
[Collection(Alone.Name)]
public sealed class OversizedMessageTests : IDisposable
{
    private readonly AirbyteUnderTest airbyte = new();
    private readonly ScriptedConnector connector = new();

    public void Dispose()
    {
        connector.Dispose();
        airbyte.Dispose();
    }

    [Fact]
    public async Task A_line_of_100_MB_is_passed_over_in_bounded_memory_and_its_neighbours_arrive()
    {
        connector.Does($"echo '{ScriptedConnector.Deal(1)}'\nprintf '{{\"type\":\"RECORD\",\"record\":{{\"stream\":\"deals\",\"data\":{{\"id\":\"'\nhead -c 100000000 /dev/zero | tr '\\0' a\necho '\"}}}}}}'\necho '{ScriptedConnector.Deal(2)}'");
        var before = GC.GetTotalAllocatedBytes();
        var reading = await airbyte.Read(connector);
        Assert.InRange(GC.GetTotalAllocatedBytes() - before, 0, 90_000_000);
        Assert.Equal(["1", "2"], reading.Records.Select(record => record.Key));
        var piece = Assert.Single(reading.Bad);
        Assert.InRange(piece.Origin.Length, 100_000_000, 100_000_200);
        Assert.Contains("at most 16777216 bytes", piece.Reason.Expected);
    }
}
