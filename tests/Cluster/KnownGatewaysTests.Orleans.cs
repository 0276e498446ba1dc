using Microsoft.Extensions.Logging;
using Orleans.Messaging;

namespace Sophia.Cluster;

// Goal: while the database is away a front end calls the silos that it knew, and an operator reads one line, and one when it is back.
public sealed class KnownGatewaysTests
{
    private static readonly Uri One = new("gwy.tcp://127.0.0.1:30000/0"), Two = new("gwy.tcp://127.0.0.1:30001/0");

    [Fact]
    public async Task While_the_list_cannot_be_read_the_last_one_counts_and_it_is_said_once_and_once_that_it_is_over()
    {
        var (list, lines) = (new Listing(), new Lines());
        var gateways = new KnownGateways(list, lines);
        list.Answer = () => [One];
        Assert.Equal([One], await gateways.GetGateways());
        list.Answer = () => throw new IOException("no route to the database");
        for (var n = 0; n < 5; n++)
            Assert.Equal([One], await gateways.GetGateways());
        list.Answer = () => [One, Two];
        Assert.Equal([One, Two], await gateways.GetGateways());
        Assert.Equal([One, Two], await gateways.GetGateways());
        Assert.Equal([(6021, false), (6022, false)], lines.Said);
    }

    [Fact]
    public async Task Whoever_never_knew_a_silo_is_told_why()
    {
        var list = new Listing { Answer = () => throw new IOException("no route to the database") };
        await Assert.ThrowsAsync<IOException>(() => new KnownGateways(list, new Lines()).GetGateways());
    }

    private sealed class Listing : IGatewayListProvider
    {
        public Func<IList<Uri>> Answer { get; set; } = () => [];

        public TimeSpan MaxStaleness => TimeSpan.FromSeconds(2);

        public bool IsUpdatable => true;

        public Task InitializeGatewayListProvider() => Task.CompletedTask;

        public Task<IList<Uri>> GetGateways() => Task.FromResult(Answer());
    }

    /// <summary>Numbers of what was said, and whether a stack trace came with it.</summary>
    private sealed class Lines : ILogger<KnownGateways>
    {
        public List<(int Event, bool HasTrace)> Said { get; } = [];

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => Said.Add((eventId.Id, exception is not null));
    }
}
